// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

#include "crash/script.h"
#include "os/futex.h"
#include "support/shared_record.h"

namespace procession::testing {

/// A word in shared memory that is set once.
inline void set_flag(std::atomic<std::uint32_t>& flag) {
    flag.store(1);
    os::futex_wake(flag, INT32_MAX);
}
inline void wait_for_flag(std::atomic<std::uint32_t>& flag) {
    while (flag.load() == 0) os::futex_wait(flag, 0, std::chrono::hours(1));
}

/// A producer that stands in the middle of its put(), with the tail lock in its hands, and lets go
/// at the very moment when the victim has found the lock taken and begins to poll.
template <class Queue>
class Meeting {
  public:
    static const Script& script() {
        static const Script puts{{Verb::put, 30}};
        return puts;
    }

    /// Returns when the holder holds.
    explicit Meeting(const Queue& queue) : holder_(::fork()) {
        if (holder_ == 0) hold(queue);
        wait_for_flag(notes_->holds);
    }
    /// Waits for the holder's end.
    ~Meeting() {
        set_flag(notes_->may_go);
        int status = 0;
        while (::waitpid(holder_, &status, 0) < 0) {}
    }
    Meeting(const Meeting&) = delete;
    Meeting& operator=(const Meeting&) = delete;

    void let_the_holder_go_when_contended() const {
        at_step("lock.contended", [this] {
            set_flag(notes_->may_go);
            wait_for_flag(notes_->has_gone);
        });
    }
    /// As it will be: whoever dies beside it, the holder puts its item and leaves.
    [[nodiscard]] const BlackBox& box() const {
        notes_->foreseen.begun.store(1);
        notes_->foreseen.ended.store(1);
        notes_->foreseen.completed.store(true);
        return notes_->foreseen;
    }

  private:
    struct Notes {
        std::atomic<std::uint32_t> holds;
        std::atomic<std::uint32_t> may_go;
        std::atomic<std::uint32_t> has_gone;
        BlackBox box;
        BlackBox foreseen;
    };

    [[noreturn]] void hold(const Queue& queue) {
        at_step("log.append.copied", [this] {
            set_flag(notes_->holds);
            wait_for_flag(notes_->may_go);
            at_step("lock.released", [this] { set_flag(notes_->has_gone); });
        });
        live(queue, notes_->box, script());
        ::_exit(0);
    }

    SharedRecord<Notes> notes_;
    pid_t holder_;
};

}  // namespace procession::testing
