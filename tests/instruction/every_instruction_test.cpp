// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant dies between any two machine instructions of every operation, as the optimising
// compiler made them; the next one then finds the queue in a state that its documentation allows.

#include <gtest/gtest.h>

#include "death/queue/subject.h"
#include "instruction/trials.h"

namespace procession::instruction {
namespace {

class EveryInstruction : public ::testing::TestWithParam<std::size_t> {};

TEST_P(EveryInstruction, may_be_the_last_of_its_process) {
    die_after_each_instruction(single_scenarios()[GetParam()]);
}

std::string name_of_single(const ::testing::TestParamInfo<std::size_t>& tested) {
    return single_scenarios()[tested.param].name;
}
INSTANTIATE_TEST_SUITE_P(Each, EveryInstruction,
                         ::testing::Range(std::size_t{0}, single_scenarios().size()),
                         name_of_single);

}  // namespace
}  // namespace procession::instruction
