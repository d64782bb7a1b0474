// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/wait_slices.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace procession::inline v0::detail::shm {
namespace {

using namespace std::chrono_literals;
using Duration = Deadline::Clock::duration;

/// How often a waiter wakes in each second of a wait that is made of parts so long.
struct Waiter {
    WaitSlices slices;
    Duration part;
    Duration left = part;

    int wake_ups_in(Duration time) {
        int count = 0;
        while (time > Duration::zero()) {
            const Duration slept = std::min(slices.length(), left);
            slices.passed();
            time -= slept;
            left -= slept;
            if (left == Duration::zero()) left = part;
            ++count;
        }
        return count;
    }
};

TEST(WaitSlices, the_first_are_short_so_that_a_death_is_noticed_soon) {
    Waiter waiter{{}, std::chrono::hours(1)};
    EXPECT_EQ(waiter.wake_ups_in(35ms), 3);
}

TEST(WaitSlices, an_idle_waiter_wakes_ten_times_a_second) {
    Waiter waiter{{}, std::chrono::hours(1)};
    waiter.wake_ups_in(5s);
    EXPECT_EQ(waiter.wake_ups_in(10s), 100);
}

TEST(WaitSlices, an_idle_waiter_in_parts_wakes_as_rarely) {
    Waiter waiter{{}, WaitSlices::kIdle};
    waiter.wake_ups_in(5s);
    EXPECT_EQ(waiter.wake_ups_in(10s), 100);
}

TEST(WaitSlices, a_waiter_for_days_stays_idle) {
    Waiter waiter{{}, std::chrono::hours(1)};
    waiter.wake_ups_in(std::chrono::hours(24));
    EXPECT_EQ(waiter.slices.length(), WaitSlices::kIdle);
}

}  // namespace
}  // namespace procession::inline v0::detail::shm
