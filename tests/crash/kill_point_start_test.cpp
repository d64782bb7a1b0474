// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Parent or child dies at any step of the start of a child, or the creator of a queue at any step
// of making it: the others get an error or go on; no process hangs, nothing is left.

#include <gtest/gtest.h>

#include "crash/kill_point_fixture.h"
#include "crash/start_deaths.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession::testing {
namespace {

class KillPointsOfStart : public ::testing::TestWithParam<std::size_t> {};

TEST_P(KillPointsOfStart, a_death_at_any_step_hangs_no_process_and_leaves_nothing) {
    const auto life = std::move(start_lives()[GetParam()]);
    const auto names = life->record();
    unsigned visited = 0;
    for (unsigned n = first_step(); n <= names.size(); n += stride()) {
        std::string where;
        const std::string wrong = life->die_at(n, where);
        ASSERT_TRUE(wrong.empty()) << "step " << n << " (" << where << "): " << wrong;
        visited += where.empty() ? 0 : 1;
    }
    EXPECT_FALSE(names.empty());
    std::printf("%s: died at %u steps\n", life->name().c_str(), visited);
}

INSTANTIATE_TEST_SUITE_P(Each, KillPointsOfStart,
                         ::testing::Range(std::size_t{0}, start_lives().size()),
                         [](const auto& each) { return start_lives()[each.param]->name(); });

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
