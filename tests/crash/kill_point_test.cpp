// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant dies at every single step of every operation; the survivors lose nothing.

#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "procession/procession.h"
#include "support/shared_notes.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {
namespace {

using namespace std::chrono_literals;
using testing::SharedNotes;

constexpr std::size_t kBig = 10'000;  // outside the log
constexpr int kBefore = 5;            // items that are there before the victim comes

std::string item(int number, bool big) {
    std::string text = std::to_string(number) + ":";
    text.resize(big ? kBig : 20, '.');
    return text;
}
int number_of(const std::string& text) { return std::stoi(text); }

// What the victim says about itself, for each item: that it was about to do something, and that it
// had done it.
struct Notes {
    bool putting[64] = {};
    bool put[64] = {};
    bool finishing[64] = {};
    bool finished[64] = {};
    bool rejecting[64] = {};
    bool completed = false;
};

template <class Q>
struct Scenario {
    const char* name;
    void (*act)(Q& queue, Notes& notes);
    bool big = false;
    int filling = 0;  // bytes put before, to bring the log near the end of a chunk
};

template <class Q>
void note_put(Q& queue, Notes& notes, int number, bool big) {
    notes.putting[number] = true;
    queue.put(item(number, big));
    notes.put[number] = true;
}

void take_and_finish(JoinableQueue<std::string>& queue, Notes& notes, int times) {
    for (int i = 0; i < times; ++i) {
        auto lease = queue.get();
        const int number = number_of(*lease);
        notes.finishing[number] = true;
        lease.done();
        notes.finished[number] = true;
    }
}

const Scenario<JoinableQueue<std::string>> kJoinable[] = {
    {"put_small", [](auto& q, Notes& n) { note_put(q, n, 10, false), note_put(q, n, 11, false); }},
    {"put_big", [](auto& q, Notes& n) { note_put(q, n, 10, true), note_put(q, n, 11, true); }},
    {"put_into_a_new_chunk",
     [](auto& q, Notes& n) { note_put(q, n, 10, false), note_put(q, n, 11, false); }, false,
     63'150},
    {"put_many",
     [](auto& q, Notes& n) {
         std::vector<std::string> items;
         for (int i = 10; i < 14; ++i) n.putting[i] = true, items.push_back(item(i, i == 12));
         q.put_many(items);
         for (int i = 10; i < 14; ++i) n.put[i] = true;
     }},
    {"get_and_finish_small", [](auto& q, Notes& n) { take_and_finish(q, n, 3); }},
    {"get_and_finish_big", [](auto& q, Notes& n) { take_and_finish(q, n, 3); }, true},
    {"get_and_finish_over_chunks", [](auto& q, Notes& n) { take_and_finish(q, n, 4); }, false,
     63'270},
    {"get_and_give_back",
     [](auto& q, Notes& n) {
         auto first = q.get();
         auto second = q.get();
         second.give_back();
         first.give_back();
         take_and_finish(q, n, 2);
     }},
    {"get_many_and_finish_backwards",
     [](auto& q, Notes& n) {
         auto leases = q.get_many(4);
         while (!leases.empty()) {
             const int number = number_of(*leases.back());
             n.finishing[number] = true;
             leases.back().done();
             n.finished[number] = true;
             leases.pop_back();
         }
     }},
    {"get_and_reject",
     [](auto& q, Notes& n) {
         auto lease = q.get();
         n.rejecting[number_of(*lease)] = true;
         lease.reject("for the test");
         take_and_finish(q, n, 1);
     }},
    {"close_with_open_leases",
     [](auto& q, Notes&) {
         auto first = q.get();
         auto second = q.get();
         q.close();
     }},
    {"everything_at_once",
     [](auto& q, Notes& n) {
         note_put(q, n, 10, true);
         take_and_finish(q, n, 2);
         note_put(q, n, 11, false);
         take_and_finish(q, n, 2);
     }},
};

void drop(Queue<std::string>& queue, Notes& notes, int times) {
    for (int i = 0; i < times; ++i) notes.finishing[number_of(queue.get())] = true;
}

const Scenario<Queue<std::string>> kPlain[] = {
    {"put_small", [](auto& q, Notes& n) { note_put(q, n, 10, false), note_put(q, n, 11, false); }},
    {"put_big", [](auto& q, Notes& n) { note_put(q, n, 10, true); }},
    {"get_small", [](auto& q, Notes& n) { drop(q, n, 3); }},
    {"get_big", [](auto& q, Notes& n) { drop(q, n, 3); }, true},
    {"get_over_chunks", [](auto& q, Notes& n) { drop(q, n, 4); }, false, 64'350},
    {"put_and_get", [](auto& q, Notes& n) { note_put(q, n, 10, true), drop(q, n, 6); }},
};

void take_quietly(JoinableQueue<std::string>& queue) { queue.get().done(); }
void take_quietly(Queue<std::string>& queue) { static_cast<void>(queue.get()); }

// Fills the log up to `bytes` and empties it again, so that the next items lie near a chunk's end.
template <class Q>
void move_log_forward(Q& queue, int bytes) {
    for (int moved = 0; moved < bytes; moved += 1000) {
        queue.put(std::string(static_cast<std::size_t>(std::min(1000, bytes - moved)), 'f'));
        take_quietly(queue);
    }
}

enum class Order { notice_then_drain, drain_then_notice };

std::map<int, int> drain(JoinableQueue<std::string>& queue) {
    std::map<int, int> seen;
    while (auto lease = queue.try_get()) {
        ++seen[number_of(**lease)];
        lease->done();
    }
    return seen;
}
std::map<int, int> drain(Queue<std::string>& queue) {
    std::map<int, int> seen;
    while (auto text = queue.try_get()) ++seen[number_of(*text)];
    return seen;
}

void expect_finished(const JoinableQueue<std::string>& queue) {
    EXPECT_EQ(queue.unfinished(), 0U);
    EXPECT_TRUE(queue.join(Deadline::now()));
}
void expect_finished(const Queue<std::string>&) {}

constexpr bool redelivers(const JoinableQueue<std::string>&) { return true; }
constexpr bool redelivers(const Queue<std::string>&) { return false; }

// Every item exactly once, or gone for a reason that the victim has noted.
template <class Q>
void expect_conservation(Q& queue, const Notes& notes, const std::map<int, int>& seen) {
    std::map<int, int> dead;
    for (const auto& letter : queue.take_dead_letters()) {
        Reader reader(letter.bytes);
        ++dead[number_of(std::string(reader.string()))];
    }
    unsigned not_returned = 0;
    for (int number = 0; number < 64; ++number) {
        const auto found = seen.find(number);
        const int times = (found == seen.end() ? 0 : found->second) + dead[number];
        const bool must_be = number < kBefore || notes.put[number];
        const bool may_be = must_be || notes.putting[number];
        EXPECT_LE(times, may_be ? 1 : 0) << "item " << number << " was duplicated";
        EXPECT_FALSE(notes.finished[number] && times != 0) << "finished " << number << " is back";
        EXPECT_FALSE(dead[number] != 0 && !notes.rejecting[number]) << "item " << number;
        if (times == 0 && must_be && !notes.finishing[number]) {
            ++not_returned;
            if (redelivers(queue)) ADD_FAILURE() << "item " << number << " is lost";
        }
    }
    // A plain queue may lose the one item that was in the dying hand.
    EXPECT_LE(not_returned, 1U);
}

template <class Q>
void expect_usable(Q& queue) {
    queue.put(item(1, false));
    queue.put(item(2, true));
    const auto seen = drain(queue);
    EXPECT_EQ(seen, (std::map<int, int>{{1, 1}, {2, 1}}));
    expect_finished(queue);
    // Nothing leaked: only the log's current chunk is in use.
    EXPECT_EQ(queue.stats().memory_bytes, 65536U);
    EXPECT_EQ(queue.qsize(), 0U);
    EXPECT_EQ(queue.stats().participants, 1U);
}

template <class Q>
void prepare(Q& queue, const Scenario<Q>& scenario) {
    move_log_forward(queue, scenario.filling);
    for (int i = 0; i < kBefore; ++i) queue.put(item(i, scenario.big));
}

template <class Q>
void expect_recovery(Q& queue, const Notes& notes, Order order) {
    if (order == Order::notice_then_drain) queue.bytes().notice_deaths();
    auto seen = drain(queue);
    queue.bytes().notice_deaths();
    for (const auto& [number, times] : drain(queue)) seen[number] += times;
    EXPECT_EQ(queue.qsize(), 0U);
    expect_conservation(queue, notes, seen);
    expect_usable(queue);
}

// Runs the scenario in a child that dies at step n. Returns false when it ended before.
template <class Q>
bool dies_in(Q& queue, const Scenario<Q>& scenario, Notes& notes, unsigned n) {
    Process victim(procession::fork, [&] {
        testing::die_at_step(n);
        scenario.act(queue, notes);
        notes.completed = true;
        testing::die_at_step(0);
    });
    victim.join();
    return victim.exit_code() == -SIGKILL;
}

template <class Q>
void visit_every_step(const Scenario<Q>& scenario) {
    static_cast<void>(testing::last_step());  // shared before the first child
    unsigned n = 1;
    for (bool died = true; died; ++n) {
        for (const Order order : {Order::notice_then_drain, Order::drain_then_notice}) {
            Q queue;
            SharedNotes<Notes> notes;
            prepare(queue, scenario);
            died = dies_in(queue, scenario, *notes, n);
            SCOPED_TRACE(std::string(scenario.name) + ", step " + std::to_string(n) + " (" +
                         testing::last_step() + ")");
            expect_recovery(queue, *notes, order);
            if (::testing::Test::HasFailure()) return;
        }
    }
    EXPECT_GT(n, 5U) << "the scenario has hardly a step";
    std::printf("%s: %u steps visited\n", scenario.name, n - 1);
}

// The victim dies at step n, then a repairer at step m of its repair, for all m and every third n.
template <class Q>
void visit_repairers(const Scenario<Q>& scenario, unsigned stride) {
    unsigned pairs = 0;
    bool died = true;
    for (unsigned n = 1; died; n += stride) {
        bool repairer_died = true;
        for (unsigned m = 1; repairer_died; m += stride) {
            Q queue;
            SharedNotes<Notes> notes;
            prepare(queue, scenario);
            died = dies_in(queue, scenario, *notes, n);
            const std::string at = testing::last_step();
            Process repairer(procession::fork, [&] {
                testing::die_at_step(m);
                queue.bytes().notice_deaths();
                testing::die_at_step(0);
            });
            repairer.join();
            repairer_died = repairer.exit_code() == -SIGKILL;
            SCOPED_TRACE(std::string(scenario.name) + ", step " + std::to_string(n) + " (" + at +
                         "), repairer at " + std::to_string(m) + " (" + testing::last_step() + ")");
            expect_recovery(queue, *notes,
                            m % 2 == 0 ? Order::notice_then_drain : Order::drain_then_notice);
            if (::testing::Test::HasFailure()) return;
            ++pairs;
        }
    }
    std::printf("%s: %u pairs of deaths visited\n", scenario.name, pairs);
}

class KillPointsOfJoinable : public ::testing::TestWithParam<std::size_t> {};
class KillPointsOfPlain : public ::testing::TestWithParam<std::size_t> {};

TEST_P(KillPointsOfJoinable, a_death_at_any_step_loses_and_duplicates_nothing) {
    visit_every_step(kJoinable[GetParam()]);
}
TEST_P(KillPointsOfPlain, a_death_at_any_step_loses_at_most_the_item_in_hand) {
    visit_every_step(kPlain[GetParam()]);
}
TEST_P(KillPointsOfJoinable, a_repairer_may_die_at_any_step_too) {
    visit_repairers(kJoinable[GetParam()], 3);
}

std::string joinable_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return kJoinable[info.param].name;
}
std::string plain_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return kPlain[info.param].name;
}
INSTANTIATE_TEST_SUITE_P(Each, KillPointsOfJoinable,
                         ::testing::Range(std::size_t{0}, std::size(kJoinable)), joinable_name);
INSTANTIATE_TEST_SUITE_P(Each, KillPointsOfPlain,
                         ::testing::Range(std::size_t{0}, std::size(kPlain)), plain_name);

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
