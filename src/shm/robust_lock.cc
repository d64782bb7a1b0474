// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/robust_lock.h"

#include <algorithm>
#include <chrono>

namespace procession::inline v0::detail::shm {

namespace {

using std::chrono::milliseconds;

constexpr int kSpins = 200;
constexpr milliseconds kFirstSlice{1};
constexpr milliseconds kLongestSlice{16};

}  // namespace

bool spinning_pays() noexcept {
    // No function-local static: a fork child would wait for ever for the thread of its parent that
    // was just initialising it.
    static constinit std::atomic<unsigned> processors{0};
    unsigned known = processors.load(std::memory_order_relaxed);  // relaxed: the same for all
    if (known == 0) {
        known = os::processors();
        processors.store(known, std::memory_order_relaxed);
    }
    return known > 1;
}

bool RobustLock::acquire_slowly(Deadline deadline, DeadOwnerHandler& watch) {
    PROCESSION_STEP("lock.contended");
    for (int spin = 0; spinning_pays() && spin < kSpins; ++spin) {
        std::uint32_t seen =
            word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        if (seen == 0 && word_.compare_exchange_weak(seen, me_, std::memory_order_acquire,
                                                     std::memory_order_relaxed)) {
            PROCESSION_STEP("lock.acquired.polling");
            return true;
        }
        os::pause();
    }
    Deadline::Clock::duration slice = kFirstSlice;
    for (;;) {
        std::uint32_t seen =
            word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        if (seen == 0) {
            // With the sleepers' bit: others may still sleep, and only a release with the bit
            // wakes.
            if (word_.compare_exchange_weak(seen, me_ | kSleepers, std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
                PROCESSION_STEP("lock.acquired.waiting");
                return true;
            }
            continue;
        }
        // Also by a waiter that gives up: it may have been woken where others sleep, and the owner
        // that was faster would wake none of them.
        if ((seen & kSleepers) == 0 &&
            !word_.compare_exchange_weak(seen, seen | kSleepers, std::memory_order_relaxed)) {
            continue;
        }
        PROCESSION_STEP("lock.marked");
        if (deadline.expired()) return false;
        const auto limit = std::min(slice, deadline.remaining());
        if (os::futex_wait(word_, seen | kSleepers, limit) == os::FutexResult::timed_out) {
            watch.check_owner(word_);
            slice = std::min<Deadline::Clock::duration>(slice * 2, kLongestSlice);
        }
    }
}

}  // namespace procession::inline v0::detail::shm
