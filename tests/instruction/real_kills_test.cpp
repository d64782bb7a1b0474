// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// No copies here: SIGKILL after some instruction, and live survivors, which run into what is left
// behind at the same time.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <random>

#include "instruction/mutant.h"
#include "os/futex.h"
#include "procession/process.h"

namespace procession::instruction {

using namespace detail;
namespace {

constexpr std::size_t kSurvivors = 2;

/// What survivors tell.
struct SurvivorNotes {
    std::atomic<std::uint32_t> ready{0};
    std::atomic<std::uint32_t> gate{0};  // 1: the victim is dead
    struct Taken {
        std::size_t count = 0;
        std::array<Delivery, 64> items;
    };
    std::array<Taken, kSurvivors> taken;
};

void wait_for(std::atomic<std::uint32_t>& word, std::uint32_t wanted) {
    for (std::uint32_t now = word.load(); now != wanted; now = word.load()) {
        os::futex_wait(word, now, std::chrono::milliseconds(50));
    }
}

// Takes everything, whichever process repairs for it, then lets go.
void survive(const ByteQueue& queue, SurvivorNotes& notes, std::size_t index) {
    static_cast<void>(queue.qsize());  // takes part before the victim dies
    notes.ready.fetch_add(1);
    os::futex_wake(notes.ready, 1);
    wait_for(notes.gate, 1);
    auto& taken = notes.taken.at(index);
    // With both orders: the first survivor looks for deaths first.
    for (unsigned round = 0; round < 2; ++round) {
        if (index == 0 || round == 1) static_cast<void>(queue.notice_deaths());
        for (const Delivery& each : QueueSubject::drain(queue))
            taken.items.at(taken.count++) = each;
    }
    queue.close();
}

std::uint64_t length_of(const QueueScenario& scenario) {
    const OneProcessor here;
    Observation observation(scenario);
    while (observation.step_blindly(1)) {}
    return observation.score().instructions;
}

// What the survivors must have found, in whatever order.
Finding in_no_order(Finding found) {
    found.first.insert(found.first.end(), found.second.begin(), found.second.end());
    found.second.clear();
    std::sort(found.first.begin(), found.first.end());
    return found;
}

Finding collect(const ByteQueue& queue, const SurvivorNotes& notes) {
    Finding found;
    for (const auto& taken : notes.taken) {
        found.first.insert(found.first.end(), taken.items.begin(),
                           taken.items.begin() + static_cast<std::ptrdiff_t>(taken.count));
    }
    try {
        static_cast<void>(queue.notice_deaths());
        // join() drops what a dead shutter left.
        if (queue.kind() == QueueKind::joinable) static_cast<void>(queue.join(Deadline::now()));
        for (const Delivery& each : QueueSubject::drain(queue)) found.first.push_back(each);
        QueueSubject::count_and_use(queue, found);
    } catch (const std::exception& thrown) {
        found.problem = thrown.what();
    }
    return in_no_order(std::move(found));
}

// Returns what is wrong.
std::string kill_after(const QueueScenario& scenario, std::uint64_t instructions) {
    // The survivors run where they like.
    auto here = std::make_unique<OneProcessor>();
    Observation observation(scenario);
    here.reset();
    const testing::SharedNotes<SurvivorNotes> notes;
    std::vector<Process> survivors;
    for (std::size_t i = 0; i < kSurvivors; ++i) {
        survivors.emplace_back(procession::fork,
                               [&, i] { survive(observation.object(), *notes, i); });
    }
    wait_for(notes->ready, kSurvivors);
    here = std::make_unique<OneProcessor>();
    for (std::uint64_t k = 0; k < instructions; ++k) {
        if (!observation.step_blindly(1)) break;
    }
    here.reset();
    observation.tracee(1).kill();
    notes->gate.store(1);
    os::futex_wake(notes->gate, kSurvivors);
    for (Process& survivor : survivors) {
        survivor.join();
        if (survivor.exit_code() != 0) return "a survivor did not survive";
    }
    const Finding found = collect(observation.object(), *notes);
    return observation.explain([&](QueueModel model) {
        model.die(1);
        model.reclaim_all();
        Finding wanted = in_no_order(model.found_by_survivors(Order::notice_then_drain));
        // Not looked at in between.
        wanted.waiting = found.waiting;
        wanted.waiting_bytes = found.waiting_bytes;
        wanted.is_full = found.is_full;
        wanted.unfinished = found.unfinished;
        return difference(wanted, found);
    });
}

class RealKills : public ::testing::TestWithParam<std::size_t> {};

TEST_P(RealKills, leave_their_queue_to_live_survivors) {
    const QueueScenario& scenario = single_scenarios()[GetParam()];
    const std::uint64_t length = length_of(scenario);
    const unsigned seed = static_cast<unsigned>(GetParam()) + 1;
    std::mt19937 random(seed);
    const unsigned kills = std::getenv("PROCESSION_SOAK") != nullptr ? 300 : 4;
    for (unsigned i = 0; i < kills; ++i) {
        // One in each part of the script.
        const std::uint64_t from = length * i / kills;
        const std::uint64_t to = length * (i + 1) / kills;
        const auto k = std::uniform_int_distribution<std::uint64_t>(from, to)(random);
        ASSERT_EQ(kill_after(scenario, k), "")
            << scenario.name << ", killed after " << k << " instructions, seed " << seed;
    }
    std::printf("%s: %u kills within %llu instructions, seed %u\n", scenario.name.c_str(), kills,
                static_cast<unsigned long long>(length), seed);
}

std::string name_of_killed(const ::testing::TestParamInfo<std::size_t>& tested) {
    return single_scenarios()[tested.param].name;
}
INSTANTIATE_TEST_SUITE_P(Each, RealKills,
                         ::testing::Range(std::size_t{0}, single_scenarios().size()),
                         name_of_killed);

}  // namespace
}  // namespace procession::instruction
