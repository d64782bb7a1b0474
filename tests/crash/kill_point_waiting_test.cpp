// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Somebody waits while another one dies: it comes out by itself, with what is its due. Nobody here
// looks for the dead but those who wait.

#include <gtest/gtest.h>

#include <sstream>

#include "crash/kill_point_fixture.h"
#include "support/asleep.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession::testing {
namespace {

using Joinable = JoinableQueue<std::string>;

/// A forked process that runs something and ends without a word.
class Forked {
  public:
    template <class Act>
    explicit Forked(Act act) : pid_(::fork()) {
        if (pid_ != 0) return;
        act();
        ::_exit(0);
    }
    ~Forked() { wait(); }
    Forked(const Forked&) = delete;
    Forked& operator=(const Forked&) = delete;

    void until_asleep() const { testing::until_asleep(pid_, pid_); }
    void wait() {
        while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) < 0) {}
        pid_ = 0;
    }

  private:
    pid_t pid_;
};

struct Notes {
    BlackBox victim;
    BlackBox waiter;
    std::atomic<std::uint32_t> is_ready;
    std::atomic<std::uint32_t> may_go;
    std::atomic<bool> has_put;
    std::atomic<bool> was_shut_down;
};

/// What the victim does before and after the others have gone to sleep.
struct Case {
    const char* name;
    Script prepare;
    Script before;
    Script fatal;
};

Script whole(const Case& each) {
    Script script = each.before;
    script.insert(script.end(), each.fatal.begin(), each.fatal.end());
    return script;
}

/// The victim of one round: does what comes before, waits for the gate, dies at its n-th step.
template <class Queue>
class Victim {
  public:
    Victim(const Queue& queue, Notes& notes, const Case& each, unsigned n)
        : notes_(notes), process_([&, n] {
              Performer<Queue> performer(queue, notes.victim);
              performer.perform(each.before);
              set_flag(notes.is_ready);
              wait_for_flag(notes.may_go);
              trace_steps_into(&notes.victim.trace);
              die_at_step(n);
              performer.perform(each.fatal);
              die_at_step(0);
              queue.close();
              notes.victim.completed.store(true);
          }) {
        wait_for_flag(notes.is_ready);
    }
    /// Returns whether it died.
    bool run() {
        set_flag(notes_.may_go);
        process_.wait();
        return !notes_.victim.completed.load();
    }

  private:
    Notes& notes_;
    Forked process_;
};

std::vector<Delivery> got_in(const BlackBox& box) {
    return {std::begin(box.got), std::begin(box.got) + box.got_count.load()};
}

QueueModel::Counts counts_of(const QueueStats& stats) {
    return {stats.put,      stats.taken,         stats.redelivered,
            stats.finished, stats.dead_lettered, stats.lost_in_hand};
}

template <class Queue>
std::vector<QueueModel> candidates_of(const Case& each, const Notes& notes, std::size_t maxsize) {
    static const Scenario any;
    constexpr bool is_joinable = std::same_as<Queue, Joinable>;
    QueueModel model(is_joinable, maxsize, 16);
    model.begin_life();
    model.join();
    for (const Act& act : each.prepare) model.perform(act);
    std::vector<QueueModel> candidates{model};
    Verdict(any).add_life(candidates, whole(each), notes.victim);
    return candidates;
}

// Whether one of the candidates, after `rest` of the story, is what was seen.
template <class Rest>
std::string explain(std::vector<QueueModel> candidates, const QueueStats& stats,
                    const std::vector<Delivery>& seen, Rest rest) {
    std::ostringstream text;
    for (QueueModel& model : candidates) {
        const std::vector<Delivery> expected = rest(model);
        const bool same = expected == seen && model.counts() == counts_of(stats) &&
                          model.deaths() == stats.deaths;
        if (same) return {};
        text << "\n  allowed:";
        for (const auto& [number, times] : expected) text << ' ' << number << 'x' << times;
        text << " redelivered " << model.counts().redelivered << " deaths " << model.deaths();
    }
    std::ostringstream answer;
    answer << "seen:";
    for (const auto& [number, times] : seen) answer << ' ' << number << 'x' << times;
    answer << " redelivered " << stats.redelivered << " deaths " << stats.deaths << text.str();
    return answer.str();
}

// One round after the other, until the victim gets to its end.
template <class Round>
void at_every_step(const char* name, Round round) {
    unsigned visited = 0;
    for (unsigned n = first_step();; n += stride()) {
        SharedRecord<Notes> notes;
        const bool died = round(*notes, n);
        ASSERT_FALSE(::testing::Test::HasFailure())
            << name << ", step " << n << " (" << notes->victim.trace.last << ")";
        if (!died) break;
        ++visited;
    }
    expect_visited(visited);
    std::printf("%s: died at %u steps while others waited\n", name, visited);
}

void consume_until_shutdown(const Joinable& queue, BlackBox& box) {
    for (auto lease : queue) {
        const int at = box.got_count.load();
        box.got[at] = {number_in(*lease), lease.deliveries()};
        box.got_count.store(at + 1);
        lease.done();
    }
    queue.close();
}

const Case kBesideAConsumer[] = {
    {"producer", {}, {}, {{Verb::put, 10}, {Verb::put, 11, 1, 5000}}},
    {"producer_of_many", {}, {}, {{Verb::put_many, 10, 4}}},
    {"finisher", {{Verb::put, 0}}, {{Verb::get}}, {{Verb::done}}},
    {"finisher_of_a_big_item", {{Verb::put, 0, 1, 5000}}, {{Verb::get}}, {{Verb::done}}},
    {"returner", {{Verb::put, 0}}, {{Verb::get}}, {{Verb::give_back}}},
    {"rejecter", {{Verb::put, 0}}, {{Verb::get}}, {{Verb::reject}}},
    {"closer", {{Verb::put, 0, 3}}, {{Verb::get_many, 0, 3}}, {{Verb::close}}},
    {"onlooker_with_items_in_hand",
     {{Verb::put, 0, 3}},
     {{Verb::get_many, 0, 3}},
     {{Verb::look}, {Verb::notice}, {Verb::wait_a_little}}},
};

class KillPointsBesideAConsumer : public ::testing::TestWithParam<std::size_t> {};

TEST_P(KillPointsBesideAConsumer, who_waits_for_items_or_for_the_end_comes_out_by_itself) {
    const Case& each = kBesideAConsumer[GetParam()];
    at_every_step(each.name, [&](Notes& notes, unsigned n) {
        const Joinable queue;
        Performer<Joinable>(queue, notes.waiter).perform(each.prepare);
        notes.waiter.clear();
        Victim<Joinable> victim(queue, notes, each, n);
        Forked consumer([&] { consume_until_shutdown(queue, notes.waiter); });
        Forked joiner([&] { queue.join(), queue.close(); });
        consumer.until_asleep();
        joiner.until_asleep();
        const bool died = victim.run();
        joiner.wait();
        EXPECT_TRUE(queue.join()) << "what the victim put after the joiner had gone";
        queue.shutdown();
        consumer.wait();
        queue.bytes().notice_deaths();
        EXPECT_EQ(
            explain(candidates_of<Joinable>(each, notes, 0), queue.stats(), got_in(notes.waiter),
                    [](QueueModel& model) {
                        model.bury_all();
                        return model.drain();
                    }),
            "");
        return died;
    });
}
INSTANTIATE_TEST_SUITE_P(Each, KillPointsBesideAConsumer,
                         ::testing::Range(std::size_t{0}, std::size(kBesideAConsumer)),
                         [](const auto& each) {
                             return std::string(kBesideAConsumer[each.param].name);
                         });

template <class Queue>
std::vector<Delivery> drain(const Queue& queue) {
    std::vector<Delivery> seen;
    while (auto item = queue.try_get()) {
        if constexpr (std::same_as<Queue, Joinable>) {
            seen.push_back({number_in(**item), item->deliveries()});
            item->done();
        } else {
            seen.push_back({number_in(*item), 1});
        }
    }
    return seen;
}

template <class Queue>
bool visit_beside_a_producer(const Case& each, Notes& notes, unsigned n) {
    const Queue queue(2);
    Performer<Queue>(queue, notes.waiter).perform(each.prepare);
    const SegmentView view(queue.bytes());
    Victim<Queue> victim(queue, notes, each, n);
    Forked producer([&] {
        queue.put(text_of(70, 20));
        notes.has_put.store(true);
        queue.close();
    });
    producer.until_asleep();
    const bool died = victim.run();
    // Where the victim made room, the one who waits for it needs no further help.
    const auto head = queue::Position::unpack(view.state().head.position.load());
    const bool made_room = head.offset != queue::kFirstRecord;
    if (made_room) producer.wait();
    if (made_room) queue.bytes().notice_deaths();
    std::vector<Delivery> seen = drain(queue);
    producer.wait();
    queue.bytes().notice_deaths();
    for (const Delivery& late : drain(queue)) seen.push_back(late);
    EXPECT_EQ(explain(candidates_of<Queue>(each, notes, 2), queue.stats(), seen,
                      [](QueueModel& model) {
                          model.bury_all();
                          const std::uint64_t before = model.counts().put;
                          model.perform({Verb::put, 70});
                          std::vector<Delivery> expected = model.drain();
                          if (model.counts().put == before) model.perform({Verb::put, 70});
                          for (const Delivery& late : model.drain()) expected.push_back(late);
                          return expected;
                      }),
              "");
    EXPECT_TRUE(notes.has_put.load());
    return died;
}

const Case kMakesRoom{"consumer", {{Verb::put, 0, 2}}, {}, {{Verb::get}, {Verb::done}}};

TEST(KillPointsBesideAProducer, who_waits_for_room_comes_out_by_itself) {
    at_every_step("consumer of a full queue", [&](Notes& notes, unsigned n) {
        return visit_beside_a_producer<Joinable>(kMakesRoom, notes, n);
    });
    at_every_step("consumer of a full plain queue", [&](Notes& notes, unsigned n) {
        return visit_beside_a_producer<Queue<std::string>>(kMakesRoom, notes, n);
    });
}

TEST(KillPointsBesideEverybody, who_waits_when_the_queue_is_shut_down_comes_out_by_itself) {
    static const Case each{"shutter", {{Verb::put, 0}}, {{Verb::get}}, {{Verb::shutdown}}};
    at_every_step(each.name, [&](Notes& notes, unsigned n) {
        const Joinable queue;
        Performer<Joinable>(queue, notes.waiter).perform(each.prepare);
        notes.waiter.clear();
        const SegmentView view(queue.bytes());
        Victim<Joinable> victim(queue, notes, each, n);
        Forked consumer([&] {
            consume_until_shutdown(queue, notes.waiter);
            notes.was_shut_down.store(true);
        });
        consumer.until_asleep();
        const bool died = victim.run();
        if (view.state().shutdown.load() == 0) queue.shutdown();
        consumer.wait();
        EXPECT_TRUE(notes.was_shut_down.load());
        queue.bytes().notice_deaths();
        // The item in the victim's hands came back before or after the consumer had left.
        const auto seen = got_in(notes.waiter);
        const auto left = drain(queue);
        EXPECT_EQ(seen.size() + left.size(), 1U);
        EXPECT_EQ((seen.empty() ? left : seen), (std::vector<Delivery>{{0, 2}}));
        EXPECT_TRUE(queue.join(Deadline::now()));
        return died;
    });
}

TEST(KillPointsBesideEverybody, who_joins_when_what_is_left_is_dropped_comes_out_by_itself) {
    static const Case each{"shutter who drops what is left",
                           {{Verb::put, 0, 3}},
                           {{Verb::get}},
                           {{Verb::shutdown_now}}};
    at_every_step(each.name, [&](Notes& notes, unsigned n) {
        const Joinable queue;
        Performer<Joinable>(queue, notes.waiter).perform(each.prepare);
        const SegmentView view(queue.bytes());
        Victim<Joinable> victim(queue, notes, each, n);
        Forked joiner([&] { queue.join(), queue.close(); });
        joiner.until_asleep();
        const bool died = victim.run();
        if (view.state().shutdown.load() != queue::kImmediate) queue.shutdown(true);
        joiner.wait();
        queue.bytes().notice_deaths();
        const QueueStats stats = queue.stats();
        EXPECT_EQ(stats.finished, 3U);
        EXPECT_EQ(stats.taken, 3U);
        // The joiner may have noticed the death, and given the item back, before it was dropped.
        EXPECT_LE(stats.redelivered, died ? 1U : 0U);
        EXPECT_EQ(stats.memory_bytes, queue::kChunkBytes);
        return died;
    });
}

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
