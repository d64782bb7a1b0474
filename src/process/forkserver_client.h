// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "os/child.h"
#include "os/handle.h"

namespace procession::inline v0::detail::process {

/// Has the forkserver of this process, which is started if there is none, fork a child that gets
/// this bootstrap message and these handles.
///
/// Threads: any, one at a time.   Fork: the child has no forkserver; it makes its own.
/// Throws:  ProcessError when the system refuses, the preload function failed, or the server ended
///          while it was asked; the next call starts another one.
[[nodiscard]] os::Child start_by_forkserver(const os::Handle& message,
                                            std::span<const os::NativeHandle> handles);

/// Ends and collects the forkserver of this process, if there is one. Called as the last act of a
/// process that ends in good order; waits a second at most, kills it, and waits another second.
void end_forkserver_at_exit() noexcept;

/// Ends the forkserver of this process, if there is one, and waits for it. For tests, which leave
/// no process behind.
void end_forkserver() noexcept;

}  // namespace procession::inline v0::detail::process
