// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "os/park.h"
#include "procession/deadline.h"

namespace procession::connection {

/// How long a thread sleeps at most before it looks whether the connection was closed.
inline constexpr std::chrono::milliseconds slice_max{100};

/// A lock between the threads of one process that can be held for long and waited for until a
/// deadline. A fork child resets it, even when a thread of the parent held it.
class Turn {
  public:
    /// Returns: false when the deadline passed, or is_over() became true, first.
    template <class IsOver>
    [[nodiscard]] bool lock(Deadline deadline, IsOver is_over) noexcept {
        std::uint32_t found = free;
        // acquire: pairs with unlock()
        if (state_.compare_exchange_strong(found, held, std::memory_order_acquire)) return true;
        while (state_.exchange(waited_for, std::memory_order_acquire) != free) {
            if (deadline.has_passed() || is_over()) return false;
            const auto left = std::min<std::chrono::nanoseconds>(deadline.remaining(), slice_max);
            os::park(state_, waited_for, left);
        }
        return true;
    }
    void unlock() noexcept {
        if (state_.exchange(free, std::memory_order_release) == waited_for) os::wake(state_, 1);
    }
    /// Whether a thread has it. A hint.
    [[nodiscard]] bool is_held() const noexcept {
        return state_.load(std::memory_order_relaxed) != free;
    }
    /// In a fork child.
    void make_anew() noexcept { state_.store(free, std::memory_order_relaxed); }

  private:
    static constexpr std::uint32_t free = 0;
    static constexpr std::uint32_t held = 1;
    static constexpr std::uint32_t waited_for = 2;

    std::atomic<std::uint32_t> state_{free};
};

}  // namespace procession::connection
