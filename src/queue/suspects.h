// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "base/thread_number.h"
#include "procession/detail/message.h"

namespace procession::inline v0::detail::queue {

/// The redelivered items of one queue that this process has open: each may have killed its last
/// consumer. As long as one thread works on such an item, the others wait before they take another
/// one, so that its death is not counted against items that have nothing to do with it.
///
/// It is a courtesy with a limit: an item holds others back for kAlone at most, and never the
/// thread that took it.
///
/// Threads: any. The lock is held for a few instructions; nothing is allocated.
class Suspects {
  public:
    static constexpr std::chrono::seconds kAlone{10};

    void add(const Ticket& ticket) noexcept {
        const std::lock_guard guard(lock_);
        // When there are too many, the oldest is forgotten.
        open_[added_++ % open_.size()] = {ticket, base::this_thread_number(), Clock::now()};
    }
    /// Whether another thread works on one. What has ended is forgotten.
    template <class IsOpen>
    [[nodiscard]] bool others_hold_one(IsOpen is_open) noexcept {
        const std::lock_guard guard(lock_);
        bool found = false;
        const Clock::time_point now = Clock::now();
        for (Suspect& each : open_) {
            if (each.thread == 0) continue;
            if (now - each.taken > kAlone || !is_open(each.ticket)) {
                each.thread = 0;
            } else if (each.thread != base::this_thread_number()) {
                found = true;
            }
        }
        return found;
    }

  private:
    using Clock = std::chrono::steady_clock;
    struct Suspect {
        Ticket ticket;
        std::uint64_t thread = 0;  // 0: none
        Clock::time_point taken;
    };
    std::mutex lock_;
    std::array<Suspect, 32> open_{};
    std::size_t added_ = 0;
};

}  // namespace procession::inline v0::detail::queue
