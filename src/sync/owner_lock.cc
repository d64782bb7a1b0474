// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "sync/owner_lock.h"

#include <algorithm>
#include <chrono>

namespace procession::sync {

namespace {

using std::chrono::milliseconds;

constexpr int kSpins = 200;
constexpr milliseconds kFirstSlice{1};
constexpr milliseconds kLongestSlice{16};

}  // namespace

bool OwnerLock::acquire_slowly(Deadline deadline, OwnerWatch& watch) {
    static const bool spinning_pays = os::processors() > 1;
    for (int spin = 0; spinning_pays && spin < kSpins; ++spin) {
        std::uint32_t seen =
            word_.load(std::memory_order_relaxed);  // relaxed: the exchange decides
        if (seen == 0 && word_.compare_exchange_weak(seen, me_, std::memory_order_acquire,
                                                     std::memory_order_relaxed)) {
            PROCESSION_STEP("lock.acquired");
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
                PROCESSION_STEP("lock.acquired");
                return true;
            }
            continue;
        }
        if (deadline.has_passed()) return false;
        if ((seen & kSleepers) == 0 &&
            !word_.compare_exchange_weak(seen, seen | kSleepers, std::memory_order_relaxed)) {
            continue;
        }
        const auto limit = std::min(slice, deadline.remaining());
        const bool woken = os::park(word_, seen | kSleepers, limit);
        if (!woken) {
            watch.look_after(owner_of(seen));
            slice = std::min<Deadline::Clock::duration>(slice * 2, kLongestSlice);
        }
    }
}

}  // namespace procession::sync
