// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The second object: a participant of a counter dies after each of its instructions.

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "death/counter/subject.h"
#include "instruction/trials.h"

namespace procession::instruction {
namespace {

constexpr CounterAct kJoin{CounterVerb::join};
constexpr CounterAct kTake{CounterVerb::take};
constexpr CounterAct kWaitAndTake{.verb = CounterVerb::take, .waits = true};
constexpr CounterAct kGive{CounterVerb::give};
constexpr CounterAct kLook{CounterVerb::look};
constexpr CounterAct kClose{CounterVerb::close};

const std::vector<CounterScenario>& single_scenarios_of_counter() {
    static const std::vector<CounterScenario> all{
        {.name = "joins", .act = {kJoin, kTake}, .is_newcomer = true},
        {.name = "takes", .act = {kTake, kTake, kLook}},
        {.name = "takes_the_last_place", .setup = {.places = 1}, .act = {kTake, kTake, kLook}},
        {.name = "gives", .before = {kTake, kTake}, .act = {kGive, kGive, kGive}},
        {.name = "takes_and_gives", .act = {kTake, kGive, kTake, kTake, kGive, kLook}},
        {.name = "leaves_with_what_it_holds", .before = {kTake, kTake}, .act = {kClose}},
    };
    return all;
}

const std::vector<CounterScenario>& pair_scenarios_of_counter() {
    static const std::vector<CounterScenario> all{
        {.name = "two_take", .act = {kTake}, .other = {kTake, kLook}},
        {.name = "two_take_the_last_place",
         .setup = {.places = 1},
         .act = {kTake},
         .other = {kTake}},
        {.name = "take_and_give", .act = {kTake}, .other_before = {kTake}, .other = {kGive}},
        {.name = "give_for_a_waiting_take",
         .setup = {.places = 1},
         .act = {kWaitAndTake},
         .other_before = {kTake},
         .other = {kGive}},
        {.name = "take_while_one_leaves",
         .act = {kTake, kGive},
         .other_before = {kTake, kTake},
         .other = {kClose}},
    };
    return all;
}

using Tested = ::testing::TestParamInfo<std::size_t>;

class CounterInstructions : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CounterInstructions, may_each_be_the_last_of_its_process) {
    die_after_each_instruction(single_scenarios_of_counter()[GetParam()]);
}
TEST_P(CounterInstructions, may_each_be_the_last_of_its_repairer) {
    die_while_repairing(single_scenarios_of_counter()[GetParam()]);
}
INSTANTIATE_TEST_SUITE_P(Each, CounterInstructions,
                         ::testing::Range(std::size_t{0}, single_scenarios_of_counter().size()),
                         [](const Tested& tested) {
                             return single_scenarios_of_counter()[tested.param].name;
                         });

class TwoVictimsOfCounter : public ::testing::TestWithParam<std::size_t> {};

TEST_P(TwoVictimsOfCounter, may_be_inside_of_their_operations) {
    die_inside_together(pair_scenarios_of_counter()[GetParam()]);
}
TEST_P(TwoVictimsOfCounter, may_move_by_turns) {
    die_by_turns(pair_scenarios_of_counter()[GetParam()]);
}
INSTANTIATE_TEST_SUITE_P(Each, TwoVictimsOfCounter,
                         ::testing::Range(std::size_t{0}, pair_scenarios_of_counter().size()),
                         [](const Tested& tested) {
                             return pair_scenarios_of_counter()[tested.param].name;
                         });

}  // namespace
}  // namespace procession::instruction
