// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "connection/endpoint.h"
#include "os/memory_file.h"

namespace procession::connection {

/// The endpoints of this process, one for each socket.
///
/// Threads: any.
void forget(const os::FileIdentity& identity, const Endpoint* endpoint) noexcept;

}  // namespace procession::connection
