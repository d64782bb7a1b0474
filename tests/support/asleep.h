// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <future>
#include <thread>
#include <utility>

namespace procession::testing {

/// Returns when the thread sleeps on a word of memory (a futex), as a waiter in a queue does, or
/// has ended. Asks the kernel; does not guess by time. `thread` may be another process's first
/// thread, whose number is that of the process.
void until_asleep(pid_t process, pid_t thread);
/// The same for another system call than futex.
void until_asleep_in(long system_call, pid_t process, pid_t thread);

[[nodiscard]] pid_t this_thread();
[[nodiscard]] pid_t this_process();

/// Runs something on a thread of its own; the destructor waits for it.
class OnThread {
  public:
    template <class Act>
    explicit OnThread(Act act)
        : thread_([this, act = std::move(act)]() mutable {
              id_.set_value(this_thread());
              act();
          }) {}

    /// Returns when it waits inside a queue, or has ended.
    void until_asleep() { testing::until_asleep(this_process(), known_id_.get()); }
    void join() { thread_.join(); }

  private:
    // Not by the wait() of an atomic: libstdc++ 12 loses its notifications on Windows.
    std::promise<pid_t> id_;
    std::shared_future<pid_t> known_id_ = id_.get_future().share();
    std::jthread thread_;
};

}  // namespace procession::testing
