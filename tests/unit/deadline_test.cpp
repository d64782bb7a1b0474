// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/deadline.h"

#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace procession {
namespace {

using namespace std::chrono_literals;
using Clock = Deadline::Clock;

TEST(Deadline, never_does_not_pass_and_has_all_the_time_left) {
    const Deadline deadline = Deadline::never();
    EXPECT_TRUE(deadline.is_never());
    EXPECT_FALSE(deadline.expired());
    EXPECT_EQ(deadline.remaining(), Clock::duration::max());
}

TEST(Deadline, now_has_passed_and_leaves_no_time) {
    const Deadline deadline = Deadline::now();
    EXPECT_TRUE(deadline.expired());
    EXPECT_FALSE(deadline.is_never());
    EXPECT_EQ(deadline.remaining(), Clock::duration::zero());
}

TEST(Deadline, a_duration_means_that_long_from_now) {
    const auto before = Clock::now();
    const Deadline deadline = 10s;
    const auto after = Clock::now();
    EXPECT_GE(deadline.time_point(), before + 10s);
    EXPECT_LE(deadline.time_point(), after + 10s);
    EXPECT_FALSE(deadline.expired());
    EXPECT_GT(deadline.remaining(), 0s);
    EXPECT_LE(deadline.remaining(), 10s);
}

TEST(Deadline, has_a_text) {
    EXPECT_EQ(to_string(Deadline::never()), "never");
    EXPECT_EQ(to_string(Deadline::now()), "passed");
    std::ostringstream text;
    text << Deadline(1h);
    EXPECT_TRUE(text.str().starts_with("in 3") && text.str().ends_with(" s")) << text.str();
}

TEST(Deadline, zero_and_negative_durations_have_already_passed) {
    EXPECT_TRUE(Deadline(0ms).expired());
    EXPECT_TRUE(Deadline(-1h).expired());
    EXPECT_TRUE(Deadline(std::chrono::seconds::min()).expired());
}

TEST(Deadline, a_duration_too_long_for_the_clock_is_never) {
    EXPECT_TRUE(Deadline(std::chrono::hours::max()).is_never());
    EXPECT_TRUE(Deadline(std::chrono::years(10'000)).is_never());
    EXPECT_TRUE(Deadline(std::chrono::duration<double>(std::numeric_limits<double>::infinity()))
                    .is_never());
}

TEST(Deadline, a_fraction_of_a_second_may_be_a_floating_point_number) {
    const Deadline deadline = std::chrono::duration<double>(0.5);
    EXPECT_FALSE(deadline.is_never());
    EXPECT_LE(deadline.remaining(), 500ms);
}

TEST(Deadline, a_point_in_the_past_has_passed) {
    const Deadline deadline = Deadline::at(Clock::now() - 1ns);
    EXPECT_TRUE(deadline.expired());
    EXPECT_EQ(deadline.remaining(), Clock::duration::zero());
}

}  // namespace
}  // namespace procession
