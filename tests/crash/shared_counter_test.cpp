// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A second object in the laboratory: participants of a counter die at each of its steps.

#include <gtest/gtest.h>

#include "death/counter/subject.h"

#if defined(PROCESSION_KILL_POINTS) && !defined(_WIN32)

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crash/kill_point_fixture.h"
#include "death/kill_points.h"
#include "support/asleep.h"
#include "support/gate.h"
#include "support/long_tests.h"
#include "support/shared_notes.h"

namespace procession::testing {

using namespace detail;
namespace {

using death::CounterAct;
using death::CounterScenario;
using death::CounterScript;
using death::CounterSubject;
using death::CounterVerb;
using CounterRig = death::KillPointDriver<CounterSubject>;

constexpr CounterAct kJoin{CounterVerb::join};
constexpr CounterAct kTake{CounterVerb::take};
constexpr CounterAct kGive{CounterVerb::give};
constexpr CounterAct kNotice{CounterVerb::notice};
constexpr CounterAct kLook{CounterVerb::look};
constexpr CounterAct kClose{CounterVerb::close};

std::vector<CounterScenario> make_scenarios() {
    return {
        {.name = "joins", .act = {kJoin}, .is_newcomer = true},
        {.name = "joins_where_one_slot_is_left", .act = {kTake, kTake}, .crowded = true},
        {.name = "takes", .before = {kJoin}, .act = {kTake, kTake}},
        {.name = "takes_the_last_place", .setup = {.places = 1}, .act = {kTake, kTake, kLook}},
        {.name = "gives", .before = {kTake, kTake}, .act = {kGive, kGive, kGive}},
        {.name = "takes_and_gives", .act = {kTake, kLook, kGive, kTake, kTake, kGive, kLook}},
        {.name = "leaves_with_what_it_holds", .before = {kTake, kTake}, .act = {kClose}},
        {.name = "gives_where_some_may_sleep",
         .setup = {.places = 1},
         .prepare = {kTake, kTake, kGive},
         .before = {kTake},
         .act = {kGive}},
        {.name = "takes_while_the_holder_of_the_lock_lets_go",
         .act = {kTake},
         .meets_a_holder = true},
        {.name = "after_a_death_before_a_take",
         .act = {kTake, kGive},
         .predecessors = {{{kTake, kTake}, "counter.begun", 2}}},
        {.name = "after_a_death_in_a_take",
         .before = {kJoin},
         .act = {kTake, kLook, kNotice},
         .predecessors = {{{kTake, kTake}, "counter.committed", 2}}},
        {.name = "after_a_death_behind_a_take",
         .before = {kJoin},
         .act = {kNotice, kTake},
         .predecessors = {{{kTake, kTake}, "counter.counted", 2}}},
        {.name = "after_a_death_before_a_give",
         .before = {kJoin},
         .act = {kTake, kNotice},
         .predecessors = {{{kTake, kTake, kGive}, "counter.begun", 3}}},
        {.name = "after_a_death_in_a_give",
         .act = {kTake, kLook, kTake},
         .predecessors = {{{kTake, kTake, kGive}, "counter.committed", 3}}},
        {.name = "after_a_death_behind_a_give",
         .before = {kJoin},
         .act = {kNotice, kGive},
         .predecessors = {{{kTake, kTake, kGive}, "counter.counted", 3}}},
        {.name = "after_the_death_of_a_repairer",
         .before = {kJoin},
         .act = {kNotice},
         .predecessors = {{{kTake, kTake}, "counter.ended", 2},
                          {{kNotice, kTake}, "counter.committed"}}},
        {.name = "joins_in_the_slot_of_a_dead_one",
         .act = {kTake},
         .predecessors = {{{kTake, kTake}, "counter.committed", 2}},
         .crowded = true},
    };
}
const std::vector<CounterScenario>& scenarios() {
    static const std::vector<CounterScenario> all = make_scenarios();
    return all;
}

class CounterKillPoints : public ::testing::TestWithParam<std::size_t> {
  protected:
    [[nodiscard]] static const CounterScenario& scenario() { return scenarios()[GetParam()]; }
};

TEST_P(CounterKillPoints, a_death_at_any_step_loses_no_place) {
    CounterRig rig(scenario());
    die_at_each_step(rig, scenario().name);
}

TEST_P(CounterKillPoints, a_repairer_may_die_at_any_step_too) {
    CounterRig rig(scenario());
    die_in_pairs(rig, scenario().name, CounterSubject::notice());
}

INSTANTIATE_TEST_SUITE_P(Each, CounterKillPoints,
                         ::testing::Range(std::size_t{0}, scenarios().size()),
                         [](const auto& of) { return scenarios()[of.param].name; });

// The counter is no part of the library, whose coverage test therefore knows nothing of its steps.
TEST(SharedCounter, is_died_in_at_each_of_its_own_steps) {
    std::set<std::string> own;
    for (const CounterScenario& scenario : scenarios()) {
        for (const std::string& step : CounterRig(scenario).record()) {
            if (step.starts_with("counter.")) own.insert(step);
        }
    }
    EXPECT_EQ(own, (std::set<std::string>{"counter.begun", "counter.committed", "counter.counted",
                                          "counter.ended"}));
}

/// A fork child that lives until it is killed.
class Child {
  public:
    template <class Life>
    explicit Child(Life life) : pid_(::fork()) {
        if (pid_ != 0) return;
        try {
            life();
            // NOLINTNEXTLINE(bugprone-empty-catch)
        } catch (const std::exception&) {
            // The parent misses what it says.
        }
        ::_exit(1);
    }
    Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    Child& operator=(Child&& other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }
    ~Child() { kill(); }
    void kill() {
        if (pid_ > 0) kill_and_collect(std::exchange(pid_, -1));
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    pid_t pid_;
};

/// Whether it becomes true within half a minute.
template <class Ready>
bool soon(Ready ready) {
    const Deadline end(std::chrono::seconds(30));
    while (!ready() && !end.expired()) ::usleep(200);
    return ready();
}

TEST(SharedCounter, wakes_a_waiter_when_the_holder_dies) {
    const auto counter = SharedCounter::create(1);
    const SharedNotes<std::atomic<bool>> holds;
    Child holder([&] {
        holds->store(counter->take(Deadline::now()));
        for (;;) ::pause();
    });
    ASSERT_TRUE(soon([&] { return holds->load(); }));
    bool has_got = false;
    {
        OnThread waiter([&] { has_got = counter->take(std::chrono::seconds(30)); });
        waiter.until_asleep();
        holder.kill();
    }
    EXPECT_TRUE(has_got);
    EXPECT_EQ(counter->death_log().count(), 1U);
    EXPECT_TRUE(counter->give());
    EXPECT_EQ(counter->free_places(), 1U);
}

/// What a participant of the storm says of itself.
struct Account {
    std::atomic<bool> has_joined;
    std::atomic<bool> rests;
    std::atomic<std::uint32_t> held;
    std::atomic<std::uint64_t> calls;
};
constexpr std::size_t kChildren = 6;
struct Accounts {
    std::atomic<bool> is_over;
    std::array<Account, kChildren> of;
};

void take_and_give(SharedCounter& counter, Account& own, const std::atomic<bool>& is_over,
                   std::uint32_t seed) {
    std::mt19937 random(seed);
    counter.take_part();
    own.has_joined.store(true);
    while (!is_over.load()) {
        const bool gives = own.held.load() != 0 && random() % 2 == 0;
        if (gives) {
            if (!counter.give()) ::_exit(1);
            own.held.fetch_sub(1);
        } else if (counter.take(std::chrono::microseconds(random() % 2000))) {
            own.held.fetch_add(1);
        }
        own.calls.fetch_add(1);
    }
    own.rests.store(true);
    for (;;) ::pause();
}

TEST(SharedCounter, keeps_its_places_in_a_storm_of_deaths) {
    constexpr std::uint64_t places = 5;
    const std::uint32_t seed = chosen_seed();
    std::mt19937 random(seed);
    const unsigned kills = is_soak() ? 20'000 : 400 / stride();
    const auto counter = SharedCounter::create(places);
    const SharedNotes<Accounts> accounts;
    std::vector<Child> children;
    const auto begin = [&](std::size_t i) {
        Account& own = accounts->of[i];
        own.has_joined.store(false);
        own.held.store(0);
        return Child([&, child_seed = static_cast<std::uint32_t>(random())] {
            take_and_give(*counter, own, accounts->is_over, child_seed);
        });
    };
    for (std::size_t i = 0; i < kChildren; ++i) children.push_back(begin(i));

    std::uint64_t given_back = 0;
    std::uint64_t calls = 0;
    for (unsigned kill = 1; kill <= kills; ++kill) {
        const std::size_t i = random() % kChildren;
        Account& own = accounts->of[i];
        ASSERT_TRUE(soon([&] { return own.has_joined.load(); })) << "seed " << seed;
        ::usleep(static_cast<useconds_t>(random() % 1500));
        const pid_t pid = children[i].pid();
        children[i].kill();
        // Each second one is left to those that live.
        if (random() % 2 == 0) static_cast<void>(counter->notice_deaths());
        ASSERT_TRUE(soon([&] {
            static_cast<void>(counter->notice_deaths());
            return counter->death_log().count() >= kill;
        }));
        const auto deaths = counter->death_log().since(kill - 1);
        ASSERT_EQ(deaths.size(), 1U) << "seed " << seed;
        EXPECT_EQ(deaths[0].pid, pid);
        // It died before or after it wrote down what it had just taken or given.
        EXPECT_LE(deaths[0].tallies[0], own.held.load() + 1) << "seed " << seed;
        EXPECT_GE(deaths[0].tallies[0] + 1, own.held.load()) << "seed " << seed;
        given_back += deaths[0].tallies[0];
        calls += own.calls.exchange(0);
        children[i] = begin(i);
    }
    accounts->is_over.store(true);
    std::uint64_t held = 0;
    for (Account& own : accounts->of) {
        ASSERT_TRUE(soon([&] { return own.rests.load(); })) << "seed " << seed;
        held += own.held.load();
        calls += own.calls.load();
    }
    std::uint64_t held_by_slots = 0;
    for (const auto& living : shm::list_participants(counter->segment())) {
        EXPECT_TRUE(living.is_alive);
        held_by_slots += counter->held_by(living.slot);
    }
    EXPECT_EQ(held, held_by_slots) << "seed " << seed;
    EXPECT_EQ(counter->free_places() + held, places) << "seed " << seed;
    EXPECT_EQ(counter->death_log().count(), kills) << "seed " << seed;

    children.clear();
    EXPECT_EQ(counter->notice_deaths(), kChildren);
    EXPECT_EQ(counter->free_places(), places) << "seed " << seed;
    EXPECT_EQ(counter->death_log().count(), kills + kChildren) << "seed " << seed;
    std::printf("%u kills, %llu calls, the dead gave back %llu places; seed %u\n", kills,
                static_cast<unsigned long long>(calls), static_cast<unsigned long long>(given_back),
                seed);
}

}  // namespace
}  // namespace procession::testing

#endif
