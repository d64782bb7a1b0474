// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/handle.h"
#include "procession/deadline.h"

namespace procession::os {

/// Waits until a read from `handle` would not block: there are bytes, the peer is gone, or, for the
/// sentinel of a child, it has ended. Signals do not end the wait.
///
/// With no_handle there is nothing but the deadline.
///
/// Returns:  false when the deadline passed first. Where the kernel cannot tell (it has no memory
/// for
///           the question), true after a moment: the caller looks for itself, and at its deadline.
[[nodiscard]] bool wait_readable(NativeHandle handle, Deadline deadline) noexcept;

}  // namespace procession::os
