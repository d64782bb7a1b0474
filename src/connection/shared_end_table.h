// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "connection/shared_end.h"
#include "os/memory_file.h"

namespace procession::inline v0::detail::connection {

/// Removes `end` from the table of this process's ends, from which SharedEnd::adopt() returns the
/// one of an identity. Does nothing if the table has another SharedEnd for that identity.
///
/// Threads: any.
void remove_shared_end(const os::FileIdentity& identity, const SharedEnd* end) noexcept;

}  // namespace procession::inline v0::detail::connection
