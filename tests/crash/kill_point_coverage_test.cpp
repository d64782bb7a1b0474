// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The list of steps comes from the sources: a new step needs a scenario that dies there.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "crash/kill_point_fixture.h"
#include "crash/start_deaths.h"
#include "shm/robust_lock.h"
#include "step_list.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession::testing {

using namespace detail;
namespace {

// Lets a process die at each step of a life, if the name of the step is still missing.
template <class Life>
void die_where_nobody_died(Life& life, const std::string& name, std::set<std::string>& missing,
                           std::set<std::string>& visited) {
    unsigned n = 0;
    for (const std::string& step : life.record()) {
        ++n;
        if (missing.count(step) == 0) {
            EXPECT_TRUE(visited.count(step) != 0) << "the list of steps lacks " << step;
            continue;
        }
        std::string where;
        const std::string wrong = life.die_at(n, where);
        ASSERT_TRUE(wrong.empty()) << name << " at " << where << ": " << wrong;
        ASSERT_EQ(where, step) << name << ", step " << n;
        missing.erase(step);
        visited.insert(step);
    }
}

struct LifeOfAVictim {
    QueueRig rig;
    std::vector<std::string> record() { return rig.record(); }
    std::string die_at(unsigned n, std::string& where) {
        rig.reset();
        static_cast<void>(rig.victim_dies_at(n));
        where = rig.where();
        return rig.judge(Order::notice_then_drain);
    }
};

TEST(KillPointCoverage, at_each_step_of_the_library_a_process_dies_in_some_scenario) {
    std::set<std::string> missing;
    std::set<std::string> visited;
    for (const Step& step : all_steps) missing.insert(step.name);
    const std::size_t count = missing.size();
    for (const QueueScenario& scenario : QueueSubject::scenarios()) {
        LifeOfAVictim life{QueueRig(scenario)};
        die_where_nobody_died(life, scenario.name, missing, visited);
    }
    for (auto& life : start_lives()) {
        die_where_nobody_died(*life, life->name(), missing, visited);
    }
    // Where there is one processor, no process polls for a lock.
    if (!shm::spinning_pays()) missing.erase("lock.acquired.polling");
    for (const Step& step : all_steps) {
        EXPECT_EQ(missing.count(step.name), 0U)
            << "nobody dies at " << step.name << " of " << step.file
            << ": add a scenario to tests/death/queue/kill_point_scenarios.cc";
    }
    std::printf("%zu steps in the sources, died at %zu\n", count, visited.size());
}

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
