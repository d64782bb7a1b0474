// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Each death is written down once, and exactly, at whatever step its repairers die.

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <vector>

#include "procession/procession.h"
#include "queue/shared_queue.h"
#include "shm/layout.h"
#include "support/gate.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {

using namespace detail;
namespace {

using namespace std::chrono_literals;
using testing::until_stopped;
using Texts = std::vector<std::string>;

const std::string kSmall(20, 's');
const std::string kBig(10'000, 'b');  // in a block of its own

/// What a victim does until it stops at a step, and what its record has to say.
template <class Q>
struct Case {
    const char* name;
    void (*prepare)(Q& queue);
    void (*act)(Q& queue);
    const char* stops_at;  // or nullptr: it stops itself at the end
    Death expected;
    void (*meanwhile)(Q& queue) = [](Q&) {};  // while it is stopped
    void (*between)(Q& queue) = [](Q&) {};    // the first repairer has died, the second comes
};

// Of three items the first was handed out before: its next delivery is the last one.
void put_three_of_which_one_is_tired(JoinableQueue<std::string>& queue) {
    queue.put_many(Texts{"tired", kBig, "fresh"});
    queue.get().give_back();
}

// The tired item is all that is left of its chunk, which is free when that item is finished.
void put_a_tired_one_and_go_on(JoinableQueue<std::string>& queue) {
    queue.put("tired");
    auto tired = queue.get();
    for (int i = 0; i < 20; ++i) {
        queue.put(std::string(4000, 'f'));
        queue.get().done();
    }
    tired.give_back();
}
void use_free_chunks_again(JoinableQueue<std::string>& queue) {
    for (int i = 0; i < 40; ++i) queue.put(std::string(4000, 's'));
}

Death held(std::uint32_t redelivered, std::uint32_t dead_lettered, std::uint32_t dropped) {
    Death death;
    death.redelivered = redelivered;
    death.dead_lettered = dead_lettered;
    death.dropped = dropped;
    death.items_held = redelivered + dead_lettered + dropped;
    return death;
}
Death with_producer_lock(Death death) {
    death.held_producer_lock = true;
    return death;
}
Death with_consumer_lock(Death death) {
    death.held_consumer_lock = true;
    return death;
}
Death with_memory_lock(Death death) {
    death.held_memory_lock = true;
    return death;
}
Death lost(std::uint32_t items) {
    Death death;
    death.lost_in_hand = items;
    return death;
}

// One by one: a batch has a redelivered item alone.
std::vector<Lease<std::string>> take_several(JoinableQueue<std::string>& queue, int count) {
    std::vector<Lease<std::string>> leases;
    for (int i = 0; i < count; ++i) leases.push_back(queue.get_nowait());
    return leases;
}

using Joinable = JoinableQueue<std::string>;
const Case<Joinable> kJoinable[] = {
    {"holding_items", put_three_of_which_one_is_tired,
     [](Joinable& q) {
         const auto leases = take_several(q, 3);
         ::raise(SIGSTOP);
     },
     nullptr, held(2, 1, 0)},
    {"holding_items_and_the_producers_lock", put_three_of_which_one_is_tired,
     [](Joinable& q) {
         const auto leases = take_several(q, 3);
         q.put(kSmall);
     },
     "log.append.copied", with_producer_lock(held(2, 1, 0))},
    {"holding_items_and_the_memory_lock", put_three_of_which_one_is_tired,
     [](Joinable& q) {
         const auto leases = take_several(q, 2);
         q.put(std::string(300'000, 'x'));
     },
     "memory.grow.grown", with_memory_lock(held(1, 1, 0))},
    {"between_two_items_of_the_list", put_three_of_which_one_is_tired,
     [](Joinable& q) { const auto lease = q.get(); }, "get.again.leased",
     with_consumer_lock(held(0, 1, 0))},
    {"giving_back", put_three_of_which_one_is_tired,
     [](Joinable& q) {
         auto leases = take_several(q, 3);
         leases.back().give_back();
     },
     "return.listed", with_consumer_lock(held(2, 1, 0))},
    {"after_an_immediate_shutdown", put_three_of_which_one_is_tired,
     [](Joinable& q) {
         const auto leases = take_several(q, 2);
         ::raise(SIGSTOP);
     },
     nullptr, held(0, 0, 2), [](Joinable& q) { q.shutdown(true); }},
    {"holding_the_last_item_of_a_chunk", put_a_tired_one_and_go_on,
     [](Joinable& q) {
         const auto lease = q.get();
         ::raise(SIGSTOP);
     },
     nullptr, held(0, 1, 0), [](Joinable&) {}, use_free_chunks_again},
};

using Plain = Queue<std::string>;
void put_small(Plain& queue) { queue.put_many(Texts{kSmall, kSmall, kSmall}); }
void put_big(Plain& queue) { queue.put_many(Texts{kBig, kBig, kBig}); }
void take(Plain& queue) { static_cast<void>(queue.get()); }
const Case<Plain> kPlain[] = {
    {"taking_a_small_item", put_small, take, "log.advance.taken", with_consumer_lock(lost(1))},
    {"before_a_small_item_is_taken", put_small, take, "log.advance.ready",
     with_consumer_lock(lost(0))},
    {"taking_a_big_item", put_big, take, "log.advance.taken", with_consumer_lock(lost(1))},
    {"before_a_big_item_is_taken", put_big, take, "get.held", with_consumer_lock(lost(0))},
    {"copying_a_big_item", put_big, take, "get.copied", lost(1)},
    {"putting_a_big_item", put_big, [](Plain& q) { q.put(kBig); }, "log.publish.marked",
     with_producer_lock(lost(0))},
};

/// A queue whose victim was killed where its case says, and is not yet noticed.
template <class Q>
class Scene {
  public:
    explicit Scene(const Case<Q>& what) : queue(options()) {
        what.prepare(queue);
        victim_ = ::fork();
        if (victim_ == 0) {
            if (what.stops_at != nullptr) testing::stop_at_step(what.stops_at);
            what.act(queue);
            ::_exit(99);
        }
        EXPECT_TRUE(until_stopped(victim_)) << what.name << " does not get to its step";
        what.meanwhile(queue);
        testing::kill_and_collect(victim_);
    }
    [[nodiscard]] int victim() const { return victim_; }

  private:
    static QueueOptions options() {
        QueueOptions options;
        options.max_deliveries = 2;
        return options;
    }
    int victim_ = 0;

  public:
    Q queue;
};

template <class Q>
void expect_record(const Death& found, const Scene<Q>& scene, const Death& expected) {
    EXPECT_EQ(found.pid, scene.victim());
    EXPECT_EQ(found.items_held, expected.items_held);
    EXPECT_EQ(found.redelivered, expected.redelivered);
    EXPECT_EQ(found.dead_lettered, expected.dead_lettered);
    EXPECT_EQ(found.dropped, expected.dropped);
    EXPECT_EQ(found.lost_in_hand, expected.lost_in_hand);
    EXPECT_EQ(found.held_producer_lock, expected.held_producer_lock);
    EXPECT_EQ(found.held_consumer_lock, expected.held_consumer_lock);
    EXPECT_EQ(found.held_memory_lock, expected.held_memory_lock);
    EXPECT_LE(found.joined, found.noticed);
    EXPECT_LE(found.noticed, found.repaired);
    EXPECT_NE(found.repaired_by, found.pid);
}

// Whatever happened: counters and records tell the same story.
template <class Q>
void expect_consistent(const Q& queue, std::size_t expected_deaths) {
    const auto deaths = queue.deaths();
    const QueueStats stats = queue.stats();
    ASSERT_EQ(deaths.size(), expected_deaths);
    EXPECT_EQ(stats.deaths, deaths.size());
    std::uint64_t lost_in_hand = 0;
    std::uint64_t locks = 0;
    std::uint64_t dead_lettered = 0;
    for (std::size_t i = 0; i < deaths.size(); ++i) {
        EXPECT_EQ(deaths[i].number, i + 1);
        lost_in_hand += deaths[i].lost_in_hand;
        dead_lettered += deaths[i].dead_lettered;
        locks += unsigned{deaths[i].held_producer_lock} + unsigned{deaths[i].held_consumer_lock} +
                 unsigned{deaths[i].held_memory_lock};
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(deaths[i].id, deaths[j].id);
    }
    EXPECT_EQ(stats.lost_in_hand, lost_in_hand);
    EXPECT_EQ(stats.locks_repaired, locks);
    EXPECT_EQ(stats.dead_lettered, dead_lettered);
    EXPECT_EQ(queue.dead_letters().size(), dead_lettered);
}

const shm::Segment& segment_of_the_only_queue() {
    const auto all = shm::SharedObject::all();
    EXPECT_EQ(all.size(), 1U);
    return all.front()->segment();
}

bool is_a_participant(int pid) {
    const shm::Segment& segment = segment_of_the_only_queue();
    for (std::uint32_t slot = 0; slot < shm::kParticipantsMax; ++slot) {
        const shm::ParticipantSlot& one = segment.participant(slot);
        if (one.state.load() == shm::kJoined && one.pid.load() == static_cast<unsigned>(pid)) {
            return true;
        }
    }
    return false;
}

// Dies at its m-th step of noticing, or at its end; in any case without a word. Returns whether at
// a step, and whether it had become a participant by then.
struct Ended {
    bool at_a_step = false;
    bool as_participant = false;
};
template <class Q>
Ended repair_and_die(Q& queue, unsigned m) {
    const int repairer = ::fork();
    if (repairer == 0) {
        testing::die_at_step(m);
        queue.bytes().notice_deaths();
        ::_exit(0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(repairer, &status, 0), repairer);
    return {WIFSIGNALED(status), is_a_participant(repairer)};
}

template <class Q>
void expect_told(Scene<Q>& scene, const Death& expected, std::size_t repairers) {
    scene.queue.bytes().notice_deaths();
    expect_consistent(scene.queue, 1 + repairers);
    unsigned records_of_the_victim = 0;
    for (const Death& death : scene.queue.deaths()) {
        if (death.pid == scene.victim()) {
            ++records_of_the_victim;
            expect_record(death, scene, expected);
        } else {
            EXPECT_EQ(death.items_held, 0U);
            EXPECT_EQ(death.lost_in_hand, 0U);
        }
    }
    EXPECT_EQ(records_of_the_victim, 1U);
}

// Two repairers die one after the other, the first at step m, the second at step k.
template <class Q>
void visit_dying_repairers(const Case<Q>& what, unsigned first_stride, unsigned second_stride) {
    static_cast<void>(testing::last_step());  // shared before the first child
    unsigned visited = 0;
    bool first_died = true;
    for (unsigned m = 1; first_died; m += first_stride) {
        bool second_died = true;
        for (unsigned k = 1 + m % second_stride; second_died; k += second_stride) {
            Scene<Q> scene(what);
            const Ended first = repair_and_die(scene.queue, m);
            const std::string at = testing::last_step();
            what.between(scene.queue);
            const Ended second = repair_and_die(scene.queue, k);
            SCOPED_TRACE(std::string(what.name) + ", repairers die at step " + std::to_string(m) +
                         " (" + at + ") and " + std::to_string(k) + " (" + testing::last_step() +
                         ")");
            first_died = first.at_a_step;
            second_died = second.at_a_step;
            expect_told(scene, what.expected,
                        std::size_t{first.as_participant} + std::size_t{second.as_participant});
            if (::testing::Test::HasFailure()) return;
            ++visited;
        }
    }
    std::printf("%s: %u pairs of dying repairers visited\n", what.name, visited);
}

class DeathRecordsOfJoinable : public ::testing::TestWithParam<std::size_t> {};
class DeathRecordsOfPlain : public ::testing::TestWithParam<std::size_t> {};

TEST_P(DeathRecordsOfJoinable, are_exact_at_whatever_step_two_repairers_die) {
    visit_dying_repairers(kJoinable[GetParam()], 1, 43);
}
TEST_P(DeathRecordsOfPlain, are_exact_at_whatever_step_two_repairers_die) {
    visit_dying_repairers(kPlain[GetParam()], 1, 17);
}

// No slot is free, as far as a newcomer can see: it gets the dead one's, and repairs before it is
// a participant itself.
void fill_the_other_slots() {
    const shm::Segment& segment = segment_of_the_only_queue();
    for (std::uint32_t slot = 2; slot < shm::kParticipantsMax; ++slot) {
        ASSERT_EQ(segment.participant(slot).state.exchange(shm::kJoined), shm::kFreeSlot);
    }
}

template <class Q>
void visit_dying_successors(const Case<Q>& what) {
    static_cast<void>(testing::last_step());
    unsigned visited = 0;
    bool died = true;
    for (unsigned m = 1; died; ++m, ++visited) {
        Scene<Q> scene(what);
        fill_the_other_slots();
        const Ended successor = repair_and_die(scene.queue, m);
        died = successor.at_a_step;
        SCOPED_TRACE(std::string(what.name) + ", its successor dies at step " + std::to_string(m) +
                     " (" + testing::last_step() + ")");
        expect_told(scene, what.expected, successor.as_participant ? 1 : 0);
        if (::testing::Test::HasFailure()) return;
    }
    std::printf("%s: %u steps of a dying successor visited\n", what.name, visited);
}

TEST_P(DeathRecordsOfJoinable, are_exact_when_the_successor_in_the_slot_dies_too) {
    visit_dying_successors(kJoinable[GetParam()]);
}
TEST_P(DeathRecordsOfPlain, are_exact_when_the_successor_in_the_slot_dies_too) {
    visit_dying_successors(kPlain[GetParam()]);
}

std::string joinable_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return kJoinable[info.param].name;
}
std::string plain_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return kPlain[info.param].name;
}
INSTANTIATE_TEST_SUITE_P(Each, DeathRecordsOfJoinable,
                         ::testing::Range(std::size_t{0}, std::size(kJoinable)), joinable_name);
INSTANTIATE_TEST_SUITE_P(Each, DeathRecordsOfPlain,
                         ::testing::Range(std::size_t{0}, std::size(kPlain)), plain_name);

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
