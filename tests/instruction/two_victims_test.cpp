// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Two processes are in the middle of their operations when all die: one somewhere, then the other
// at each of its instructions; and both by turns.

#include <gtest/gtest.h>

#include <algorithm>

#include "death/queue/subject.h"
#include "instruction/trials.h"

namespace procession::instruction {
namespace {

bool puts_a_large_item(const QueueScenario& scenario) {
    return std::ranges::any_of(scenario.act, [](const Act& act) {
        return act.verb == Verb::put && act.bytes > largest_in_the_log();
    });
}

class TwoVictims : public ::testing::TestWithParam<std::size_t> {};

TEST_P(TwoVictims, may_be_inside_of_their_operations) {
    const QueueScenario& scenario = pair_scenarios()[GetParam()];
    die_inside_together(scenario, testing::is_soak() || !puts_a_large_item(scenario) ? 1 : 3);
}

TEST_P(TwoVictims, may_move_by_turns) { die_by_turns(pair_scenarios()[GetParam()]); }

std::string name_of_pair(const ::testing::TestParamInfo<std::size_t>& tested) {
    return pair_scenarios()[tested.param].name;
}
INSTANTIATE_TEST_SUITE_P(Each, TwoVictims,
                         ::testing::Range(std::size_t{0}, pair_scenarios().size()), name_of_pair);

}  // namespace
}  // namespace procession::instruction
