// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "os/futex.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::connection {

/// How long a thread sleeps at most before it checks whether the connection was closed.
inline constexpr std::chrono::milliseconds slice_max{100};

/// A mutex for the threads of one process that may be held for a long time. A waiter can give up at
/// a deadline, or when what it waits for is over. A fork child resets it, even if a thread of the
/// parent held it.
class TimedMutex {
  public:
    void lock() noexcept {
        static_cast<void>(lock_until(Deadline::never(), [] { return false; }));
    }
    [[nodiscard]] bool try_lock() noexcept {
        std::uint32_t found = kFree;
        // acquire: pairs with unlock()
        return state_.compare_exchange_strong(found, kHeld, std::memory_order_acquire);
    }
    /// Returns: false when the deadline passed, or is_over() became true, first.
    template <class IsOver>
    [[nodiscard]] bool lock_until(Deadline deadline, IsOver is_over) noexcept {
        if (try_lock()) return true;
        // acquire: pairs with unlock()
        while (state_.exchange(kWaitedFor, std::memory_order_acquire) != kFree) {
            if (deadline.expired() || is_over()) return false;
            const auto left = std::min<std::chrono::nanoseconds>(deadline.remaining(), slice_max);
            os::futex_wait(state_, kWaitedFor, left);
        }
        return true;
    }
    void unlock() noexcept {
        if (state_.exchange(kFree, std::memory_order_release) == kWaitedFor)
            os::futex_wake(state_, 1);
    }
    /// Whether a thread holds it. A hint.
    [[nodiscard]] bool is_held() const noexcept {
        return state_.load(std::memory_order_relaxed) != kFree;
    }
    /// To be called in a fork child.
    void reset_after_fork() noexcept { state_.store(kFree, std::memory_order_relaxed); }

  private:
    static constexpr std::uint32_t kFree = 0;
    static constexpr std::uint32_t kHeld = 1;
    static constexpr std::uint32_t kWaitedFor = 2;

    std::atomic<std::uint32_t> state_{kFree};
};

}  // namespace procession::inline v0::detail::connection
