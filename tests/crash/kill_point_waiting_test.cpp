// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A process waits while another one dies: it comes out by itself, with its due. Only waiting
// processes look for the dead here.

#include <gtest/gtest.h>

#include "crash/kill_point_fixture.h"
#include "support/asleep.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession::testing {

using namespace detail;
namespace {

using death::Act;
using death::Delivery;
using death::Ending;
using death::Finding;
using death::Notes;
using death::Patience;
using death::QueueModel;
using death::operator+;
using Candidates = death::Possible<QueueModel>;

/// A forked process that runs something and ends without a word.
class Forked {
  public:
    template <class Life>
    explicit Forked(Life life) : pid_(::fork()) {
        if (pid_ != 0) return;
        life();
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

struct Shared {
    death::BlackBox victim;
    Notes waiter;
    std::atomic<std::uint32_t> is_ready;
    std::atomic<std::uint32_t> may_go;
};

const Act kGet{.verb = Verb::get, .patience = Patience::any};

/// One round: a queue, a victim that does what comes before and then waits for the gate, and what
/// may have become of the queue when it has died at its n-th step.
class Round {
  public:
    Round(const QueueScenario& scenario, Shared& shared, unsigned n)
        : scenario_(scenario), stage_(scenario), shared_(shared), victim_([&, n] {
              death::live<QueueSubject>(queue(), shared.victim, scenario.before, scenario.act, [&] {
                  death::set_flag(shared.is_ready);
                  death::wait_for_flag(shared.may_go);
                  trace_steps_into(&shared.victim.trace);
                  die_at_step(n);
              });
          }) {
        death::wait_for_flag(shared.is_ready);
    }
    [[nodiscard]] const ByteQueue& queue() const { return stage_.object(); }
    [[nodiscard]] const death::SegmentView& view() const { return stage_.view(); }

    /// A process that makes these calls, and asks for more items, if it does, until the end.
    [[nodiscard]] Forked waits(const QueueScript& script, bool consumes = false) {
        return Forked([&] {
            QueueSubject::Actor actor(queue(), shared_.waiter);
            actor.perform(script);
            while (consumes) {
                actor.perform(kGet);
                if (actor.last_ending() == Ending::shut_down) break;
                actor.perform({Verb::finish});
            }
            queue().close();
        });
    }
    [[nodiscard]] Forked joins() {
        return Forked([&] {
            static_cast<void>(queue().join(Deadline::never()));
            queue().close();
        });
    }
    /// Returns whether the victim died.
    bool run() {
        death::set_flag(shared_.may_go);
        victim_.wait();
        return !shared_.victim.notes.completed.load();
    }
    [[nodiscard]] std::vector<Delivery> got_by_the_waiter() const {
        std::vector<Delivery> got;
        for (const auto& said : shared_.waiter.progress().said) {
            if (!said.ends_a_call()) got.push_back({said.value, said.code});
        }
        return got;
    }
    /// Whether one of the states in which the victim may have left the queue, after the rest of the
    /// story, is what was seen and is counted. `rest(model)` returns what is seen then.
    template <class Rest>
    [[nodiscard]] std::string explain(const std::vector<Delivery>& seen, Rest rest) const {
        Candidates candidates(stage_.model());
        const int victim =
            candidates.add_actor(scenario_.before + scenario_.act + QueueSubject::leave());
        candidates.set_progress(victim, shared_.victim.notes.progress());
        candidates.narrow();
        if (!shared_.victim.notes.completed.load()) candidates.die(victim);
        Finding found;
        found.first = seen;
        try {
            QueueSubject::count_and_use(queue(), found);
        } catch (const std::exception& wrong) {
            found.problem = wrong.what();
        }
        return candidates.narrow([&](QueueModel model) {
            model.reclaim_all();
            const auto expected = rest(model);
            Finding wanted = model.found_by_survivors(Order::notice_then_drain);
            wanted.first = expected;
            return difference(wanted, found);
        });
    }

  private:
    const QueueScenario& scenario_;
    death::Stage<QueueSubject> stage_;
    Shared& shared_;
    Forked victim_;
};

// One round after the other, until the victim gets to its end.
template <class Judge>
void at_every_step(const QueueScenario& scenario, Judge judge) {
    unsigned visited = 0;
    for (unsigned n = first_step();; n += stride()) {
        SharedRecord<Shared> shared;
        Round round(scenario, *shared, n);
        const bool died = judge(round);
        ASSERT_FALSE(::testing::Test::HasFailure())
            << scenario.name << ", step " << n << " (" << shared->victim.trace.last << ")";
        if (!died) break;
        ++visited;
    }
    expect_visited(visited);
    std::printf("%s: died at %u steps while others waited\n", scenario.name.c_str(), visited);
}

const QueueScenario kBesideAConsumer[] = {
    {.name = "producer", .act = {{Verb::put, 10}, {Verb::put, 11, 1, 5000}}},
    {.name = "producer_of_many", .act = {{Verb::put_many, 10, 4, 20, 0, 5000}}},
    {.name = "finisher",
     .prepare = {{Verb::put, 0}},
     .before = {{Verb::get}},
     .act = {{Verb::finish}}},
    {.name = "finisher_of_a_big_item",
     .prepare = {{Verb::put, 0, 1, 5000}},
     .before = {{Verb::get}},
     .act = {{Verb::finish}}},
    {.name = "returner",
     .prepare = {{Verb::put, 0}},
     .before = {{Verb::get}},
     .act = {{Verb::give_back}}},
    {.name = "rejecter",
     .prepare = {{Verb::put, 0}},
     .before = {{Verb::get}},
     .act = {{Verb::reject}}},
    {.name = "closer",
     .prepare = {{Verb::put, 0, 3}},
     .before = {{Verb::get_many, 0, 3}},
     .act = {{Verb::close}}},
    {.name = "onlooker_with_items_in_hand",
     .prepare = {{Verb::put, 0, 3}},
     .before = {{Verb::get_many, 0, 3}},
     .act = {{Verb::look}, {Verb::notice}, {Verb::wait_a_little}}},
};

class KillPointsBesideAConsumer : public ::testing::TestWithParam<std::size_t> {};

TEST_P(KillPointsBesideAConsumer, a_waiter_for_items_or_for_the_end_comes_out_by_itself) {
    at_every_step(kBesideAConsumer[GetParam()], [&](Round& round) {
        Forked consumer = round.waits({}, true);
        Forked joiner = round.joins();
        consumer.until_asleep();
        joiner.until_asleep();
        const bool died = round.run();
        joiner.wait();
        EXPECT_TRUE(round.queue().join(Deadline::never())) << "what came after the joiner had gone";
        round.queue().shutdown(false);
        consumer.wait();
        round.queue().notice_deaths();
        EXPECT_EQ(round.explain(round.got_by_the_waiter(),
                                [](QueueModel& model) {
                                    auto expected = model.drain();
                                    model.perform(0, {Verb::shut_down});
                                    return expected;
                                }),
                  "");
        return died;
    });
}
INSTANTIATE_TEST_SUITE_P(Each, KillPointsBesideAConsumer,
                         ::testing::Range(std::size_t{0}, std::size(kBesideAConsumer)),
                         [](const auto& each) { return kBesideAConsumer[each.param].name; });

bool visit_beside_a_producer(Round& round) {
    Forked producer = round.waits({{.verb = Verb::put, .number = 70, .patience = Patience::any}});
    producer.until_asleep();
    const bool died = round.run();
    // Where the victim made room, the producer that waits for it needs no further help.
    const bool made_room = !round.view().head_is_at_the_beginning();
    if (made_room) producer.wait();
    if (made_room) round.queue().notice_deaths();
    auto seen = QueueSubject::drain(round.queue());
    producer.wait();
    round.queue().notice_deaths();
    for (const Delivery& late : QueueSubject::drain(round.queue())) seen.push_back(late);
    EXPECT_EQ(round.explain(seen,
                            [](QueueModel& model) {
                                const Act put{Verb::put, 70};
                                const bool is_full =
                                    model.found_by_survivors(Order::drain_then_notice).is_full;
                                if (!is_full) model.perform(0, put);
                                auto expected = model.drain();
                                if (is_full) model.perform(0, put);
                                for (const Delivery& late : model.drain()) expected.push_back(late);
                                return expected;
                            }),
              "");
    return died;
}

TEST(KillPointsBesideAProducer, a_waiter_for_room_comes_out_by_itself) {
    QueueScenario makes_room{.name = "consumer of a full queue",
                             .setup = {.maxsize = 2},
                             .prepare = {{Verb::put, 0, 2}},
                             .act = {{Verb::get}, {Verb::finish}}};
    at_every_step(makes_room, visit_beside_a_producer);
    makes_room.name = "consumer of a full plain queue";
    makes_room.setup.joinable = false;
    makes_room.act = {{Verb::get}};
    at_every_step(makes_room, visit_beside_a_producer);
}

TEST(KillPointsBesideAll, a_waiter_comes_out_by_itself_when_the_queue_is_shut_down) {
    const QueueScenario shutter{.name = "shutter",
                                .prepare = {{Verb::put, 0}},
                                .before = {{Verb::get}},
                                .act = {{Verb::shut_down}}};
    at_every_step(shutter, [&](Round& round) {
        Forked consumer = round.waits({}, true);
        consumer.until_asleep();
        const bool died = round.run();
        if (round.view().state().shutdown.load() == 0) round.queue().shutdown(false);
        consumer.wait();
        round.queue().notice_deaths();
        // The item in the victim's hands came back before or after the consumer had left.
        const auto seen = round.got_by_the_waiter();
        const auto left = QueueSubject::drain(round.queue());
        EXPECT_EQ(seen.size() + left.size(), 1U);
        EXPECT_EQ((seen.empty() ? left : seen), (std::vector<Delivery>{{0, 2}}));
        EXPECT_TRUE(round.queue().join(Deadline::now()));
        return died;
    });
}

TEST(KillPointsBesideAll, a_joiner_comes_out_by_itself_when_the_rest_is_dropped) {
    const QueueScenario shutter{.name = "shutter who drops what is left",
                                .prepare = {{Verb::put, 0, 3}},
                                .before = {{Verb::get}},
                                .act = {{Verb::shut_down_now}}};
    at_every_step(shutter, [&](Round& round) {
        Forked joiner = round.joins();
        joiner.until_asleep();
        const bool died = round.run();
        if (round.view().state().shutdown.load() != queue::kImmediate) round.queue().shutdown(true);
        joiner.wait();
        round.queue().notice_deaths();
        const QueueStats stats = round.queue().stats();
        EXPECT_EQ(stats.finished, 3U);
        EXPECT_EQ(stats.taken, 3U);
        // The joiner may have noticed the death, and given the item back, before it was dropped.
        EXPECT_LE(stats.redelivered, died ? 1U : 0U);
        EXPECT_EQ(stats.memory_bytes, death::bytes_of_an_empty_queue());
        return died;
    });
}

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
