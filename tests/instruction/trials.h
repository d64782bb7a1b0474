// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "death/single_steps.h"
#include "support/long_tests.h"

// What is tried with the single steps of any object.

namespace procession::instruction {

using namespace death;

/// A participant dies after each of its instructions.
template <class Subject>
void die_after_each_instruction(const Scenario<Subject>& scenario) {
    const OneProcessor here;
    SingleSteps<Subject> steps(scenario);
    ASSERT_EQ(steps.verify(), "") << scenario.name << ", before the first instruction";
    while (steps.step(1)) {
        if (!steps.has_changed()) continue;
        ASSERT_EQ(steps.verify(), "") << scenario.name;
    }
    print(scenario.name, steps.score());
    EXPECT_TRUE(steps.possible().is_certain()) << "what happened cannot be told";
    EXPECT_TRUE(steps.possible().happened().has_value());
    EXPECT_GT(steps.score().states, 5U) << "hardly anything was seen";
}

// ---- two that die
// --------------------------------------------------------------------------------

enum class End : unsigned char { completed, waits_for_the_other };

// Steps actor 2 until its end, or until it waits for actor 1, which does not move.
template <class Subject>
End step_the_other(SingleSteps<Subject>& steps) {
    for (;;) {
        if (steps.is_about_to_sleep(2)) return End::waits_for_the_other;
        if (!steps.step(2)) return End::completed;
        if (!steps.has_changed()) continue;
        const std::string wrong = steps.verify();
        if (!wrong.empty()) throw std::runtime_error(wrong);
    }
}

/// All die: the first actor after every so many of its changes, the second after each of its
/// instructions.
template <class Subject>
void die_inside_together(const Scenario<Subject>& scenario, unsigned stride = 1) {
    const OneProcessor here;
    Score score;
    unsigned waits = 0;
    unsigned pairs = 0;
    bool inside = true;
    for (unsigned changes = 0; inside; changes += stride) {
        SingleSteps<Subject> steps(scenario, SingleSteps<Subject>::Copies::some);
        inside = steps.step_to_change(1, changes);
        SCOPED_TRACE(scenario.name + ", actor 1 after " + std::to_string(changes) + " changes");
        ASSERT_EQ(steps.verify(), "");
        try {
            if (step_the_other(steps) == End::waits_for_the_other) ++waits;
        } catch (const std::runtime_error& wrong) {
            FAIL() << wrong.what();
        }
        ++pairs;
        score += steps.score();
    }
    print(scenario.name + ", " + std::to_string(pairs) + " places of the first, " +
              std::to_string(waits) + " waits for it",
          score);
    EXPECT_GT(pairs, 2U);
    EXPECT_LT(waits, pairs) << "the second one never got through";
}

// Which of two that are not asleep moves next, and how far, is drawn.
template <class Subject>
std::string interleave(SingleSteps<Subject>& steps, std::mt19937& random) {
    bool completed[2] = {false, false};
    std::uniform_int_distribution<std::size_t> which(1, 2);
    std::uniform_int_distribution<unsigned> how_far(1, 120);
    while (!completed[0] || !completed[1]) {
        std::size_t actor = which(random);
        if (completed[actor - 1]) actor = 3 - actor;
        const std::size_t other = 3 - actor;
        for (unsigned left = how_far(random); left > 0; --left) {
            // Asleep, it waits for the other, which could wake it; alone, it wakes up by itself.
            if (!completed[other - 1] && steps.is_about_to_sleep(actor) &&
                !steps.is_about_to_sleep(other)) {
                break;
            }
            if (!steps.step(actor)) {
                completed[actor - 1] = true;
                break;
            }
            if (!steps.has_changed()) continue;
            const std::string wrong = steps.verify();
            if (!wrong.empty()) return wrong;
        }
    }
    return {};
}

/// Both actors move by turns, and all die after each instruction.
template <class Subject>
void die_by_turns(const Scenario<Subject>& scenario) {
    const OneProcessor here;
    const unsigned seeds = testing::is_soak() ? 60 : 3;
    Score score;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        std::mt19937 random(seed);
        SingleSteps<Subject> steps(scenario, SingleSteps<Subject>::Copies::some);
        SCOPED_TRACE(scenario.name + ", seed " + std::to_string(seed));
        ASSERT_EQ(interleave(steps, random), "");
        score += steps.score();
    }
    print(scenario.name + ", by turns, " + std::to_string(seeds) + " schedules", score);
}

// ---- those that repair
// ---------------------------------------------------------------------------

/// Everything that was seen of one actor's script: each instant at which the shared memory had
/// changed, and what was possible then.
template <class Subject>
struct Trace {
    struct Moment {
        Image image;
        Possible<typename Subject::Model> possible;
        unsigned happened = 0;  // changes
    };
    std::vector<Moment> moments;
};

/// Observes the first actor of a scenario. Throws: std::runtime_error when a recovery fails.
template <class Subject>
[[nodiscard]] Trace<Subject> trace_of(const Scenario<Subject>& scenario) {
    Trace<Subject> trace;
    SingleSteps<Subject> steps(scenario);
    const auto look = [&] {
        const std::string wrong = steps.verify();
        if (!wrong.empty()) throw std::runtime_error(scenario.name + ": " + wrong);
        const auto happened = steps.possible().happened();
        const Image& now = steps.image();
        // What an actor says changes no memory: then the moment is only better known.
        if (!trace.moments.empty() && trace.moments.back().image == now) trace.moments.pop_back();
        trace.moments.push_back({now, steps.possible(), happened.value_or(0)});
    };
    look();
    while (steps.step(1)) {
        if (steps.has_changed()) look();
    }
    return trace;
}

// Every process died at the moment. Steps through a newcomer's repair, which dies at each
// instruction.
template <class Subject>
std::string step_through_a_repair(const typename Trace<Subject>::Moment& moment, Score& score) {
    // Of the copy of a payload into a dead letter, some instants are enough.
    constexpr std::uint64_t turns_skipped = 503;
    auto possible = moment.possible;
    possible.die_all();
    const int number = possible.add_actor(Subject::notice());
    const auto object = Subject::attach(file_with(moment.image));
    SegmentView view(Subject::file_of(object));
    const testing::SharedNotes<Notes> notes;
    Tracee repairer([&] { live_traced<Subject>(object, {}, Subject::notice(), *notes); });
    std::uint64_t instructions = 0;
    std::uint64_t turns = 0;
    Progress last;
    while (!notes->completed.load()) {
        if (!repairer.step()) return std::string("the repairer has ended: ") + notes->error;
        ++instructions;
        if (repairer.is_inside_an_instruction() && ++turns % turns_skipped != 0) continue;
        const Progress now = notes->progress();
        if (!view.refresh() && now == last) continue;
        last = now;
        possible.set_progress(number, now);
        const auto found = recover_copies<Subject>(view.image());
        const std::string wrong = possible.narrow(
            [&](const auto& model) { return difference_after_all_died(model, found); });
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

/// All die at some moments of a scenario, and then the process that repairs, after each of its
/// instructions.
template <class Subject>
void die_while_repairing(const Scenario<Subject>& scenario) {
    const OneProcessor here;
    const auto trace = trace_of(scenario);
    const std::size_t places = testing::is_soak() ? 1000 : 7;
    const std::size_t stride = trace.moments.size() / places + 1;
    Score score;
    for (std::size_t at = 0; at < trace.moments.size(); at += stride) {
        const std::string wrong = step_through_a_repair<Subject>(trace.moments[at], score);
        ASSERT_EQ(wrong, "") << scenario.name << ", all died after " << at << " changes";
    }
    print(scenario.name + ", repaired", score);
    EXPECT_GT(score.states, trace.moments.size() / stride) << "nothing was repaired";
}

}  // namespace procession::instruction
