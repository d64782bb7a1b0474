// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

#include "death/script.h"
#include "os/futex.h"
#include "support/shared_record.h"
#include "support/sudden_death.h"

namespace procession::death {

using namespace detail;

/// A word in shared memory that is set once.
inline void set_flag(std::atomic<std::uint32_t>& flag) {
    flag.store(1);
    os::futex_wake(flag, INT32_MAX);
}
inline void wait_for_flag(std::atomic<std::uint32_t>& flag) {
    while (flag.load() == 0) os::futex_wait(flag, 0, std::chrono::hours(1));
}

/// A process that stands in the middle of an operation, with a lock in its hands, and lets go at
/// the very moment when the victim has found the lock taken and begins to poll.
template <class Subject>
class Meeting {
  public:
    /// Returns when the holder holds.
    explicit Meeting(const typename Subject::Object& object) : holder_(::fork()) {
        if (holder_ == 0) hold(object);
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
        testing::at_step(Subject::holder().contended, [this] {
            set_flag(notes_->may_go);
            wait_for_flag(notes_->has_gone);
        });
    }

  private:
    struct Shared {
        std::atomic<std::uint32_t> holds;
        std::atomic<std::uint32_t> may_go;
        std::atomic<std::uint32_t> has_gone;
        Notes notes;
    };

    [[noreturn]] void hold(const typename Subject::Object& object) {
        testing::at_step(Subject::holder().holds, [this] {
            set_flag(notes_->holds);
            wait_for_flag(notes_->may_go);
            testing::at_step(Subject::holder().released, [this] { set_flag(notes_->has_gone); });
        });
        typename Subject::Actor actor(object, notes_->notes);
        actor.perform(Subject::holder().script);
        testing::die_at_step(0);
        actor.perform(Subject::leave());
        ::_exit(0);
    }

    testing::SharedRecord<Shared> notes_;
    pid_t holder_;
};

}  // namespace procession::death
