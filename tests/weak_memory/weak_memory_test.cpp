// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What x86 forgives. Every kernel is run in all orders that ISO C++ allows; and once without what
// makes it right, which must be found out.
#include <gtest/gtest.h>

#include "weak_memory/kernels.h"

namespace checked {
namespace {

TEST(WeakMemory, a_put_wakes_a_consumer_that_falls_asleep) {
    EXPECT_TRUE(put_wakes_a_sleeper(Without::nothing));
}

TEST(WeakMemory, a_put_without_a_fence_behind_its_lock_loses_a_wake_up) {
    EXPECT_FALSE(put_wakes_a_sleeper(Without::fence_after_rmw));
}

TEST(WeakMemory, a_sleeper_without_a_fence_loses_a_wake_up) {
    EXPECT_FALSE(put_wakes_a_sleeper(Without::fences));
}

TEST(WeakMemory, two_puts_wake_a_consumer_that_needs_both) {
    EXPECT_TRUE(two_puts_wake_a_sleeper(Without::nothing));
}

TEST(WeakMemory, the_last_task_done_wakes_join) {
    EXPECT_TRUE(task_done_wakes_a_joiner(Without::nothing));
}

TEST(WeakMemory, a_task_done_without_a_fence_behind_its_count_loses_the_wake_up_of_join) {
    EXPECT_FALSE(task_done_wakes_a_joiner(Without::fence_after_rmw));
}

TEST(WeakMemory, a_chunk_that_is_left_while_its_last_item_is_finished_is_freed) {
    EXPECT_TRUE(left_chunk_is_freed(Without::nothing));
}

TEST(WeakMemory, a_chunk_whose_leases_are_counted_by_acquire_loads_may_stay) {
    EXPECT_FALSE(left_chunk_is_freed(Without::order));
}

TEST(WeakMemory, a_payload_in_a_chunk_that_is_used_again_is_not_taken_for_a_lease) {
    EXPECT_TRUE(payload_is_no_lease(Without::nothing));
}

TEST(WeakMemory, a_payload_without_a_fence_before_it_may_be_taken_for_a_lease) {
    EXPECT_FALSE(payload_is_no_lease(Without::fences));
}

TEST(WeakMemory, close_waits_for_a_thread_that_fences_for_itself) {
    EXPECT_TRUE(close_waits_for_a_thread_inside(Without::nothing));
}

TEST(WeakMemory, close_does_not_see_a_thread_that_does_not_fence) {
    EXPECT_FALSE(close_waits_for_a_thread_inside(Without::fences));
}

}  // namespace
}  // namespace checked
