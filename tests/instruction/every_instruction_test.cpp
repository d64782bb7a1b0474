// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant dies between any two machine instructions of every operation, as the optimising
// compiler made them; whoever comes then finds the queue in a state that its documentation allows.

#include <gtest/gtest.h>

#include "instruction/mutant.h"

namespace procession::instruction {
namespace {

class EveryInstruction : public ::testing::TestWithParam<std::size_t> {};

TEST_P(EveryInstruction, may_be_the_last_of_its_process) {
    const QueueScenario& scenario = single_scenarios()[GetParam()];
    const OneProcessor here;
    Observation observation(scenario);
    ASSERT_EQ(observation.verify(), "") << scenario.name << ", before the first instruction";
    while (observation.step(1)) {
        if (!observation.has_changed()) continue;
        ASSERT_EQ(observation.verify(), "") << scenario.name;
    }
    print(scenario.name, observation.score());
    EXPECT_TRUE(observation.possible().is_certain()) << "what happened cannot be told";
    EXPECT_TRUE(observation.possible().happened().has_value());
    EXPECT_GT(observation.score().states, 5U) << "hardly anything was seen";
}

std::string name_of_single(const ::testing::TestParamInfo<std::size_t>& tested) {
    return single_scenarios()[tested.param].name;
}
INSTANTIATE_TEST_SUITE_P(Each, EveryInstruction,
                         ::testing::Range(std::size_t{0}, single_scenarios().size()),
                         name_of_single);

}  // namespace
}  // namespace procession::instruction
