// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant dies at every single step of every operation; the survivors lose nothing.

#include <gtest/gtest.h>

#include <random>

#include "crash/kill_point_fixture.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession::testing {
namespace {

using KillPoints = EachScenario;

TEST_P(KillPoints, a_death_at_any_step_loses_nothing_and_is_accounted_for) {
    QueueRig rig(scenario());
    die_at_each_step(rig, scenario().name);
}

TEST_P(KillPoints, a_repairer_may_die_at_any_step_too) {
    QueueRig rig(scenario());
    die_in_pairs(rig, scenario().name, QueueSubject::notice());
}

// The victim, a second process that does some work of its own or repairs, and a third one that
// repairs: each dies at some step.
TEST_P(KillPoints, a_third_one_may_die_at_any_step_too) {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    const auto up_to = [&](std::size_t most) { return static_cast<unsigned>(1 + random() % most); };
    const unsigned rounds = is_soak() ? 4000 : 40 / stride();
    const auto works = QueueSubject::works(scenario());
    QueueRig rig(scenario());
    const std::size_t steps = rig.record().size();
    unsigned deaths = 0;
    for (unsigned round = 0; round < rounds; ++round) {
        rig.reset();
        std::string story = "seed " + std::to_string(seed);
        const auto die = [&](const QueueScript& script, unsigned n) {
            deaths += rig.dies_at(script, n) ? 1 : 0;
            story += ", then step " + std::to_string(n) + " (" + rig.where() + ")";
        };
        die(scenario().act, up_to(steps));
        die(works[random() % works.size()], up_to(50));
        die(QueueSubject::notice(), up_to(50));
        const std::string wrong = rig.judge(order_of(round));
        ASSERT_TRUE(wrong.empty()) << story << ": " << wrong;
    }
    std::printf("%s: %u deaths in %u rounds; seed %u\n", scenario().name.c_str(), deaths, rounds,
                seed);
}

INSTANTIATE_TEST_SUITE_P(Each, KillPoints, all_scenarios(), scenario_name);

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
