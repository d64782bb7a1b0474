// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "os/futex.h"
#include "os/threads.h"

namespace procession::inline v0::detail::os {

/// A lock for the threads of one process that is held for a few instructions only. Not for shared
/// memory.
class SpinLock {
  public:
    void lock() noexcept {
        if (os::has_one_thread()) {
            // relaxed: there is no other thread, and only this one could start one
            locked_.store(true, std::memory_order_relaxed);
            return;
        }
        // acquire: pairs with unlock()
        while (locked_.exchange(true, std::memory_order_acquire)) wait();
    }
    void unlock() noexcept { locked_.store(false, std::memory_order_release); }
    /// To be called in a fork child: the thread that held it may not exist there.
    void reset_after_fork() noexcept { locked_.store(false, std::memory_order_relaxed); }

  private:
    void wait() const noexcept {
        constexpr int spins = 100;
        for (int spin = 0; locked_.load(std::memory_order_relaxed); ++spin) {
            if (spin < spins) {
                os::pause();
            } else {
                os::yield();
            }
        }
    }

    std::atomic<bool> locked_{false};
};

}  // namespace procession::inline v0::detail::os
