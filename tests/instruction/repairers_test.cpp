// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Who repairs after a death may be killed as well: after each of its instructions the next one
// finds what it must.

#include <gtest/gtest.h>

#include <cstdlib>

#include "instruction/mutant.h"

namespace procession::instruction {
namespace {

constexpr int kRepairer = 2;
constexpr std::uint64_t kTurnsSkipped = 503;

// The dead, as notice_deaths() meets them: in the order of their slots, once for each item.
std::vector<int> dead_holders(const Model& model) {
    std::vector<int> holders;
    for (const int holder : {0, 1}) {
        for (std::size_t i = 0; i < model.in_hand(holder); ++i) holders.push_back(holder);
    }
    return holders;
}

// Everybody died at the moment. Steps through a newcomer's repair, who dies at each instruction.
std::string step_through_a_repair(const Trace::Moment& moment, QueueKind kind, Score& score) {
    Possible possible = moment.possible;
    AllProgress progress = moment.instant.progress;
    const std::vector<Step> repair{notice_deaths(dead_holders(possible.model()))};
    possible.expect(kRepairer, changes_of(repair, kRepairer));
    const ByteQueue queue = resurrect(moment.instant.image, kind);
    SegmentView view(queue);
    const testing::SharedNotes<ActorNotes> notes;
    Tracee repairer([&] { live(queue, kRepairer, {{}, repair, true}, *notes); });
    std::uint64_t instructions = 0;
    std::uint64_t turns = 0;
    while (!notes->completed.load()) {
        if (!repairer.step()) return std::string("the repairer has ended: ") + notes->error;
        ++instructions;
        // Of the copy of a payload into a dead letter, some instants are enough.
        if (repairer.is_inside_an_instruction() && ++turns % kTurnsSkipped != 0) continue;
        const Progress now = Progress::of(*notes);
        if (!view.refresh() && now == progress[kRepairer]) continue;
        progress[kRepairer] = now;
        const Findings found = recover_copies(view.image(), kind);
        const std::string wrong = possible.narrow(progress, found);
        ++score.states;
        score.recoveries += found.size();
        if (wrong.empty()) continue;
        return wrong + "\n  repairer after " + std::to_string(instructions) + " instructions, at " +
               repairer.place() +
               "; last store: " + show(stores_between(view.before(), view.image()));
    }
    score.instructions += instructions;
    return {};
}

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
    const OneProcessor here;
    const Trace trace = trace_of(scenario_named(GetParam()));
    const std::size_t places = std::getenv("PROCESSION_SOAK") != nullptr ? 1000 : 7;
    const std::size_t stride = trace.moments.size() / places + 1;
    Score score;
    for (std::size_t at = 0; at < trace.moments.size(); at += stride) {
        const std::string wrong = step_through_a_repair(trace.moments[at], trace.kind, score);
        ASSERT_EQ(wrong, "") << GetParam() << ", everybody died after " << at << " changes";
    }
    print(std::string(GetParam()) + ", repaired", score);
    EXPECT_GT(score.states, trace.moments.size() / stride) << "nothing was repaired";
}

std::string scenario_name(const ::testing::TestParamInfo<const char*>& tested) {
    return tested.param;
}
INSTANTIATE_TEST_SUITE_P(Each, Repairer, ::testing::ValuesIn(kScenarios), scenario_name);

}  // namespace
}  // namespace procession::instruction
