// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/at_fork.h"
#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// Has one child killed when this process ends.
///
/// This process holds the only write end of a pipe and never writes to it. The child asks the
/// kernel to send it SIGKILL when the pipe becomes readable. That is when the write end is closed:
/// when this process ends, for whatever reason, or when this object is destroyed.
/// (PR_SET_PDEATHSIG does not serve: it is sent when the *thread* that forked ends.)
///
/// Invariants:
///   1. Only this process holds the write end: exec closes it, and so does each fork child before
///      anything else runs there. The lock is held across forks, so no fork happens between the
///      creation of the pipe and its registration here.
///
/// Threads: open() once, by the thread that made the object.
class Lifeline final : public LockedAcrossForks {
  public:
    Lifeline() noexcept { start_listening(); }
    ~Lifeline() override { stop_listening(); }
    Lifeline(const Lifeline&) = delete;
    Lifeline& operator=(const Lifeline&) = delete;

    /// Makes the pipe. `child_end` is to be inherited by the child.
    [[nodiscard]] std::error_code open(Handle& child_end) noexcept;

  private:
    void after_fork_in_child() noexcept override {
        writer_.reset();
        LockedAcrossForks::after_fork_in_child();
    }

    Handle writer_;
};

/// In the child: arms its end, and keeps it for life. Does not return if the parent has ended
/// already.
[[nodiscard]] std::error_code die_with_parent(Handle child_end) noexcept;

}  // namespace procession::inline v0::detail::os
