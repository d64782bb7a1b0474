// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/at_fork.h"
#include "os/handle.h"

namespace procession::os {

/// Ties one child to the life of this process.
///
/// This process holds the only write end of a pipe and never writes. The child asks the kernel to
/// be sent SIGKILL when that pipe becomes readable, which is when its last write end is closed: at
/// the death of this process, whatever the cause, or at the end of this object. Threads may come
/// and go, which is why PR_SET_PDEATHSIG does not serve: it fires when the *thread* that forked
/// ends.
///
/// Invariants:
///   1. Only this process holds the write end: it is closed on exec, and by each fork child before
///      anything else runs there. The lock is held across forks, so that there is no moment in
///      which the pipe exists and a fork child would not know of it.
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

/// In the child: takes its end and holds it for ever. If the parent is gone already, does not
/// return.
[[nodiscard]] std::error_code die_with(Handle child_end) noexcept;

}  // namespace procession::os
