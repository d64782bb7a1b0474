// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Two processes are in the middle of their operations when everybody dies: one somewhere, then the
// other at each of its instructions; and both by turns.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "instruction/mutant.h"

namespace procession::instruction {
namespace {

bool is_soak() { return std::getenv("PROCESSION_SOAK") != nullptr; }

enum class End : unsigned char { completed, waits_for_the_other };

bool puts_a_large_item(const QueueScenario& scenario) {
    return std::ranges::any_of(scenario.act, [](const Act& act) {
        return act.verb == Verb::put && act.bytes > largest_in_the_log();
    });
}

// Steps actor 2 until its end, or until it waits for actor 1, who does not move.
End step_the_other(Observation& observation) {
    for (;;) {
        if (observation.is_about_to_sleep(2)) return End::waits_for_the_other;
        if (!observation.step(2)) return End::completed;
        if (!observation.has_changed()) continue;
        const std::string wrong = observation.verify();
        if (!wrong.empty()) throw std::runtime_error(wrong);
    }
}

class TwoVictims : public ::testing::TestWithParam<std::size_t> {};

TEST_P(TwoVictims, may_be_inside_of_their_operations) {
    const QueueScenario& scenario = pair_scenarios()[GetParam()];
    const OneProcessor here;
    const unsigned stride = is_soak() || !puts_a_large_item(scenario) ? 1 : 3;
    Score score;
    unsigned waits = 0;
    unsigned pairs = 0;
    bool inside = true;
    for (unsigned changes = 0; inside; changes += stride) {
        Observation observation(scenario, Observation::Copies::some);
        inside = observation.step_to_change(1, changes);
        SCOPED_TRACE(scenario.name + ", actor 1 after " + std::to_string(changes) + " changes");
        ASSERT_EQ(observation.verify(), "");
        try {
            if (step_the_other(observation) == End::waits_for_the_other) ++waits;
        } catch (const std::runtime_error& wrong) {
            FAIL() << wrong.what();
        }
        ++pairs;
        score += observation.score();
    }
    print(scenario.name + ", " + std::to_string(pairs) + " places of the first, " +
              std::to_string(waits) + " waits for it",
          score);
    EXPECT_GT(pairs, 2U);
    EXPECT_LT(waits, pairs) << "the second one never got through";
}

// Who of two that are not asleep moves next, and how far, is drawn.
std::string interleave(Observation& observation, std::mt19937& random) {
    bool completed[2] = {false, false};
    std::uniform_int_distribution<std::size_t> who(1, 2);
    std::uniform_int_distribution<unsigned> how_far(1, 120);
    while (!completed[0] || !completed[1]) {
        std::size_t actor = who(random);
        if (completed[actor - 1]) actor = 3 - actor;
        const std::size_t other = 3 - actor;
        for (unsigned left = how_far(random); left > 0; --left) {
            // Asleep, it waits for the other, who could wake it; alone, it wakes up by itself.
            if (!completed[other - 1] && observation.is_about_to_sleep(actor) &&
                !observation.is_about_to_sleep(other)) {
                break;
            }
            if (!observation.step(actor)) {
                completed[actor - 1] = true;
                break;
            }
            if (!observation.has_changed()) continue;
            const std::string wrong = observation.verify();
            if (!wrong.empty()) return wrong;
        }
    }
    return {};
}

TEST_P(TwoVictims, may_move_by_turns) {
    const QueueScenario& scenario = pair_scenarios()[GetParam()];
    const OneProcessor here;
    const unsigned seeds = is_soak() ? 60 : 3;
    Score score;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        std::mt19937 random(seed);
        Observation observation(scenario, Observation::Copies::some);
        SCOPED_TRACE(scenario.name + ", seed " + std::to_string(seed));
        ASSERT_EQ(interleave(observation, random), "");
        score += observation.score();
    }
    print(scenario.name + ", by turns, " + std::to_string(seeds) + " schedules", score);
}

std::string name_of_pair(const ::testing::TestParamInfo<std::size_t>& tested) {
    return pair_scenarios()[tested.param].name;
}
INSTANTIATE_TEST_SUITE_P(Each, TwoVictims,
                         ::testing::Range(std::size_t{0}, pair_scenarios().size()), name_of_pair);

}  // namespace
}  // namespace procession::instruction
