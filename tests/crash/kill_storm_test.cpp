// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Random SIGKILLs of the participants, while they work: nothing committed is lost, nothing is
// delivered twice unless counted as a redelivery, no process hangs.
//
// PROCESSION_SEED=N repeats the choices of a run; PROCESSION_SOAK=1 makes each storm 36 times as
// long, 100,000 kills in all.

#include "support/storm.h"

#include <gtest/gtest.h>

#include "os/child.h"
#include "support/long_tests.h"
#include "support/queue_helpers.h"

namespace procession {

using namespace detail;
namespace {

using testing::Storm;
using testing::StormItem;
using testing::StormPlan;
using testing::StormSizes;

constexpr int kSoakRepeats = 36;

QueueOptions bounded(std::size_t maxsize, std::uint32_t max_deliveries = 1'000'000) {
    QueueOptions options;
    options.maxsize = maxsize;
    options.max_deliveries = max_deliveries;
    options.name = "storm";
    return options;
}
QueueOptions scarce_memory() {
    QueueOptions options = bounded(0);
    options.max_bytes = std::uint64_t{6} << 20;
    options.memory_limit = std::uint64_t{5} << 20;
    return options;
}

const StormPlan kJoinable[] = {
    {.name = "two_by_two", .kills = 400, .queue = bounded(32)},
    {.name = "eight_by_eight", .producers = 8, .consumers = 8, .kills = 400, .queue = bounded(64)},
    {.name = "hungry_consumers",
     .producers = 1,
     .consumers = 3,
     .kills = 250,
     .queue = bounded(0),
     .habits = {.sizes = StormSizes::small}},
    {.name = "waiting_producers",
     .producers = 3,
     .consumers = 1,
     .kills = 250,
     .queue = bounded(4)},
    {.name = "batches_and_second_thoughts",
     .kills = 250,
     .queue = bounded(32),
     .habits = {.batch = 8, .give_back_percent = 20, .leave_permille = 3}},
    {.name = "dead_letters",
     .kills = 250,
     .queue = bounded(16, 2),
     .habits = {.batch = 4, .give_back_percent = 20, .reject_percent = 5, .may_be_dropped = true}},
    {.name = "large_items_and_scarce_memory",
     .kills = 150,
     .queue = scarce_memory(),
     .habits = {.sizes = StormSizes::large, .batch = 3}},
    {.name = "threads_inside",
     .kills = 200,
     .queue = bounded(32),
     .habits = {.threads = 3, .batch = 2, .give_back_percent = 5}},
    {.name = "joiners",
     .producers = 1,
     .consumers = 2,
     .joiners = 2,
     .kills = 250,
     .queue = bounded(16),
     .habits = {.sizes = StormSizes::small, .give_back_percent = 5}},
    {.name = "spawned",
     .kills = 120,
     .queue = bounded(32),
     .method = StartMethod::spawn,
     .pause_us_max = 20'000},
};

const StormPlan kPlain[] = {
    {.name = "two_by_two", .kills = 250, .queue = bounded(32)},
    {.name = "eight_by_eight", .producers = 8, .consumers = 8, .kills = 200, .queue = bounded(64)},
    {.name = "batches", .kills = 200, .queue = bounded(32), .habits = {.batch = 8}},
    {.name = "threads_inside", .kills = 100, .queue = bounded(8), .habits = {.threads = 3}},
    {.name = "large_items_and_scarce_memory",
     .kills = 100,
     .queue = scarce_memory(),
     .habits = {.sizes = StormSizes::large}},
};

template <class Q>
void run_storm(const StormPlan& usual) {
    StormPlan plan = usual;
    if (testing::sanitized) plan.kills /= 5;
    if (!os::can_fork) {
        // Each life begins with a program, which takes some 50 ms under Wine.
        plan.method = StartMethod::spawn;
        plan.kills /= 8;
        plan.pause_us_max = 60'000;
    }
    const std::uint32_t seed = testing::chosen_seed();
    int kills = 0;
    const int repeats = testing::is_soak() ? kSoakRepeats : 1;
    for (int i = 0; i < repeats && !::testing::Test::HasFailure(); ++i) {
        Storm<Q> storm(plan, seed + static_cast<std::uint32_t>(i));
        storm.run();
        kills += storm.kills();
    }
    if (repeats > 1) std::printf("%s: %d kills in all\n", plan.name, kills);
}

class KillStorm : public ::testing::TestWithParam<StormPlan> {};
TEST_P(KillStorm, loses_nothing_and_delivers_nothing_twice) {
    run_storm<JoinableQueue<StormItem>>(GetParam());
}

class KillStormOfPlain : public ::testing::TestWithParam<StormPlan> {};
TEST_P(KillStormOfPlain, loses_only_what_was_in_dying_hands) {
    run_storm<Queue<StormItem>>(GetParam());
}

std::string name_of_plan(const ::testing::TestParamInfo<StormPlan>& info) {
    return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Each, KillStorm, ::testing::ValuesIn(kJoinable), name_of_plan);
INSTANTIATE_TEST_SUITE_P(Each, KillStormOfPlain, ::testing::ValuesIn(kPlain), name_of_plan);

}  // namespace
}  // namespace procession
