// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The explorer itself: it finds what is wrong in small algorithms that are, and nothing in those
// that are not.

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "os/futex.h"
#include "schedule/cases.h"
#include "schedule/world.h"
#include "shm/robust_lock.h"

namespace procession::schedule {

using namespace detail;
namespace {

/// Memory that two participants share, put back after each run.
struct alignas(64) Shared {
    std::atomic<std::uint64_t> value{0};
    std::atomic<std::uint32_t> lock{0};
    std::atomic<std::uint32_t> bell{0};
    std::atomic<std::uint32_t> is_ready{0};
};

using Act = void (*)(Shared& shared, std::uint32_t me);

/// Explores two participants. Returns what went wrong in some run; `expected` is the value that
/// each run must leave.
std::string explore_two(Act first, Act second, std::uint64_t expected, std::uint64_t* runs_made) {
    Shared shared;
    AllRuns runs(true);
    do {
        runs.start_run();
        World world({}, runs);
        world.watch(&shared, sizeof shared, 0);
        world.add(world.add_process(), [&] { first(shared, 0); });
        world.add(world.add_process(), [&] { second(shared, 1); });
        world.run();
        if (runs_made != nullptr) ++*runs_made;
        if (!world.is_cut() && shared.value.load() != expected) world.fail("a store was lost");
        if (!world.failure().empty()) return world.failure();
    } while (runs.next());
    return {};
}

class NobodyDies final : public shm::DeadOwnerHandler {
    void check_owner(const std::atomic<std::uint32_t>&) override {}
};

void lock(Shared& shared, std::uint32_t me) {
    NobodyDies watch;
    shm::RobustLock lock(shared.lock, me);
    static_cast<void>(lock.acquire(Deadline::never(), watch));
}

void add_under_the_lock(Shared& shared, std::uint32_t me) {
    lock(shared, me);
    shared.value.store(shared.value.load() + 1);
    shm::RobustLock::release(shared.lock);
}

void commit_after_the_lock(Shared& shared, std::uint32_t me) {
    lock(shared, me);
    const std::uint64_t seen = shared.value.load();
    shm::RobustLock::release(shared.lock);
    shared.value.store(seen + 1);
}

void announce(Shared& shared, std::uint32_t /*me*/) {
    shared.is_ready.store(1);
    if (shared.bell.exchange(0) != 0) os::futex_wake(shared.bell, 1);
}

void wait_armed_first(Shared& shared, std::uint32_t /*me*/) {
    for (;;) {
        shared.bell.store(1);
        if (shared.is_ready.load() != 0) return;
        os::futex_wait(shared.bell, 1, std::chrono::milliseconds(5));
    }
}

void wait_armed_too_late(Shared& shared, std::uint32_t /*me*/) {
    while (shared.is_ready.load() == 0) {
        shared.bell.store(1);
        os::futex_wait(shared.bell, 1, std::chrono::milliseconds(5));
    }
}

TEST(Explorer, finds_nothing_wrong_with_a_lock_that_is_held_until_the_store) {
    std::uint64_t runs = 0;
    EXPECT_EQ(explore_two(add_under_the_lock, add_under_the_lock, 2, &runs), "");
    EXPECT_GT(runs, 10U);
}

TEST(Explorer, finds_a_lock_that_is_released_before_the_store) {
    EXPECT_EQ(explore_two(add_under_the_lock, commit_after_the_lock, 2, nullptr),
              "a store was lost");
}

TEST(Explorer, finds_nothing_wrong_with_a_sleeper_that_looks_again_first) {
    EXPECT_EQ(explore_two(announce, wait_armed_first, 0, nullptr), "");
}

TEST(Explorer, finds_a_waiter_that_does_not_look_again_before_it_sleeps) {
    EXPECT_EQ(explore_two(announce, wait_armed_too_late, 0, nullptr),
              "a wake-up was lost: all sleep, and nobody has died");
}

TEST(Explorer, finds_that_the_queue_needs_each_of_its_wake_ups) {
    QueueStory story;
    story.scripts = {{put(1)}, {get()}};
    EXPECT_EQ(find_failure(story, {-1, 0, 0}), "");
    story.lose_wake = 1;
    EXPECT_EQ(find_failure(story, {-1, 0, 0}),
              "a wake-up was lost: all sleep, and nobody has died");
}

TEST(Explorer, finds_the_same_ends_with_and_without_its_memory_for_states) {
    QueueStory story;
    story.before = {put(7)};
    story.scripts = {{put(1)}, {get(), give_back()}};
    for (const Limits& limits : {Limits{2, 0, 0}, Limits{1, 1, 0}}) {
        std::set<std::string> with;
        std::set<std::string> without;
        story.remembers_states = true;
        story.at_end = [&](const QueueHistory& history) { with.insert(history.text()); };
        EXPECT_EQ(find_failure(story, limits), "");
        story.remembers_states = false;
        story.at_end = [&](const QueueHistory& history) { without.insert(history.text()); };
        EXPECT_EQ(find_failure(story, limits), "");
        EXPECT_EQ(with, without);
        EXPECT_GT(with.size(), 3U);
    }
}

}  // namespace
}  // namespace procession::schedule
