// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The same deaths, of a process that was spawned: it has the queue from its bootstrap message and
// mapped it at an address of its own.

#include <gtest/gtest.h>

#include "crash/kill_point_fixture.h"
#include "support/queue_helpers.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession::testing {
namespace {

using KillPointsOfSpawned = EachScenario;

// To begin a process by exec is slow under a sanitizer, and under Wine; elsewhere every step is
// visited.
unsigned stride_of_spawned() {
#ifdef _WIN32
    return 4;
#else
    return stride() * stride();
#endif
}

TEST_P(KillPointsOfSpawned, a_death_at_any_step_loses_nothing_and_is_accounted_for) {
    if (scenario().meets_a_holder || !scenario().predecessors.empty()) PROCESSION_NEEDS_FORK();
    const unsigned step = is_soak() ? 1 : stride_of_spawned();
    QueueRig rig(scenario());
    unsigned visited = 0;
    for (unsigned n = first_step(step);; n += step) {
        rig.reset();
        if (!rig.spawned_victim_dies_at(static_cast<int>(GetParam()), n)) break;
        const std::string wrong = rig.judge(order_of(n));
        ASSERT_TRUE(wrong.empty()) << "step " << n << " (" << rig.where() << "): " << wrong;
        ++visited;
    }
    const std::string wrong = rig.judge(order_of(0));
    ASSERT_TRUE(wrong.empty()) << "after a life to its end: " << wrong;
    if (step == 1) expect_visited(visited);
    std::printf("%s: died at %u steps\n", scenario().name.c_str(), visited);
}

INSTANTIATE_TEST_SUITE_P(Each, KillPointsOfSpawned, all_scenarios(), scenario_name);

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
