// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Who repairs after a death may be killed as well: after each of its instructions the next one
// finds what it must.

#include <gtest/gtest.h>

#include <cstdlib>

#include "instruction/mutant.h"

namespace procession::instruction {
namespace {

constexpr std::uint64_t kTurnsSkipped = 503;

// Every process died at the moment. Steps through a newcomer's repair, which dies at each
// instruction.
std::string step_through_a_repair(const Trace::Moment& moment, Score& score) {
    auto possible = moment.possible;
    possible.die_all();
    const int number = possible.add_actor(QueueSubject::notice());
    const ByteQueue queue = QueueSubject::attach(file_with(moment.image));
    SegmentView view(QueueSubject::file_of(queue));
    const testing::SharedNotes<Notes> notes;
    Tracee repairer([&] { live_traced<QueueSubject>(queue, {}, QueueSubject::notice(), *notes); });
    std::uint64_t instructions = 0;
    std::uint64_t turns = 0;
    Progress last;
    while (!notes->completed.load()) {
        if (!repairer.step()) return std::string("the repairer has ended: ") + notes->error;
        ++instructions;
        // Of the copy of a payload into a dead letter, some instants are enough.
        if (repairer.is_inside_an_instruction() && ++turns % kTurnsSkipped != 0) continue;
        const Progress now = notes->progress();
        if (!view.refresh() && now == last) continue;
        last = now;
        possible.set_progress(number, now);
        const auto found = recover_copies<QueueSubject>(view.image());
        const std::string wrong = possible.narrow(
            [&](const QueueModel& model) { return difference_after_all_died(model, found); });
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
        const std::string wrong = step_through_a_repair(trace.moments[at], score);
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
