// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A process that repairs after a death may be killed as well: after each of its instructions the
// next one finds what it must.

#include <gtest/gtest.h>

#include "death/queue/subject.h"
#include "instruction/trials.h"

namespace procession::instruction {
namespace {

const char* const kScenarios[] = {
    "joinable_put_large",
    "joinable_put_into_a_used_chunk",
    "joinable_get_and_finish_over_a_chunks_end",
    "joinable_finish_large",
    "joinable_give_back_between_others",
    "joinable_get_what_was_given_back",
    "joinable_reject_large",
    "joinable_die_with_the_last_delivery",
    "joinable_close_with_items_in_hand",
    "joinable_shutdown_at_once",
    "plain_put_large",
    "plain_get_large",
};

class Repairer : public ::testing::TestWithParam<const char*> {};

TEST_P(Repairer, may_die_at_any_instruction_too) {
    die_while_repairing(scenario_named(GetParam()));
}

std::string scenario_name(const ::testing::TestParamInfo<const char*>& tested) {
    return tested.param;
}
INSTANTIATE_TEST_SUITE_P(Each, Repairer, ::testing::ValuesIn(kScenarios), scenario_name);

}  // namespace
}  // namespace procession::instruction
