// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <mutex>

#include "procession/log.h"
#include "support/gate.h"
#include "support/queue_helpers.h"

// Death is visible (P16): participants(), deaths(), wait_for_deaths().

namespace procession::testing {
namespace {

void die() { ::kill(::getpid(), SIGKILL); }

template <class Queue>
void put_and_die(const Queue& queue) {
    queue.put(1);
    die();
}

template <class Kind>
class QueueDeathsOf : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueDeathsOf, BothKinds, KindName);

TYPED_TEST(QueueDeathsOf, no_process_are_none) {
    const typename TestFixture::Ints queue;
    EXPECT_TRUE(queue.deaths().empty());
    EXPECT_TRUE(queue.wait_for_deaths(0, Deadline::now()).empty());
    EXPECT_TRUE(queue.wait_for_deaths(0, 20ms).empty());
    EXPECT_TRUE(queue.wait_for_deaths(~std::uint64_t{0}, 1ms).empty());
    EXPECT_EQ(queue.stats().deaths, 0U);
}

TYPED_TEST(QueueDeathsOf, a_process_that_leaves_in_good_order_are_none) {
    const typename TestFixture::Ints queue;
    EXPECT_TRUE(ends_well(Process(fork, [&] { queue.put(1); })));
    EXPECT_TRUE(ends_well(Process(fork, [&] {
        queue.put(2);
        queue.close();
        ::_exit(0);
    })));
    EXPECT_TRUE(queue.deaths().empty());
}

TYPED_TEST(QueueDeathsOf, a_process_that_never_used_the_queue_are_none) {
    const typename TestFixture::Ints queue;
    Process(fork, die).join();
    EXPECT_TRUE(queue.deaths().empty());
}

TYPED_TEST(QueueDeathsOf, each_process_are_told_once_in_order) {
    const typename TestFixture::Ints queue;
    std::vector<int> pids;
    const auto before = Deadline::Clock::now();
    for (int i = 0; i < 3; ++i) {
        Process victim(fork, [&] { put_and_die(queue); });
        pids.push_back(victim.pid());
        victim.join();
    }
    const auto deaths = queue.deaths();
    ASSERT_EQ(deaths.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(deaths[i].number, i + 1);
        EXPECT_EQ(deaths[i].pid, pids[i]);
        EXPECT_EQ(deaths[i].repaired_by, ::getpid());
        EXPECT_LT(before, deaths[i].joined);
        EXPECT_LE(deaths[i].joined, deaths[i].noticed);
        EXPECT_LE(deaths[i].noticed, deaths[i].repaired);
        EXPECT_LE(deaths[i].repaired, Deadline::Clock::now());
    }
    EXPECT_EQ(deaths[0].slot, deaths[1].slot) << "used again";
    EXPECT_LT(deaths[0].id, deaths[1].id) << "not used again";
    EXPECT_EQ(queue.deaths(1).size(), 2U);
    EXPECT_EQ(queue.deaths(2).front().number, 3U);
    EXPECT_TRUE(queue.deaths(3).empty());
}

TYPED_TEST(QueueDeathsOf, more_processes_than_are_kept_show_by_their_numbers_what_is_missed) {
    const typename TestFixture::Ints queue;
    constexpr std::uint64_t many = 80;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < many; ++i) {
        Process(fork, [&] { put_and_die(queue); }).join();
        if (i % 40 == 39) sum += queue.deaths(i - 39).size();
    }
    EXPECT_EQ(sum, many) << "who looks in time misses none";
    const auto deaths = queue.deaths();
    ASSERT_EQ(deaths.size(), 63U);
    for (std::size_t i = 0; i < deaths.size(); ++i) EXPECT_EQ(deaths[i].number, many - 62 + i);
    EXPECT_EQ(queue.stats().deaths, many);
}

TYPED_TEST(QueueDeathsOf, others_are_waited_for) {
    const typename TestFixture::Ints queue;
    Gate gate;
    Process victim(fork, [&] {
        queue.put(1);
        gate.wait();
        die();
    });
    take(queue);
    std::vector<Death> deaths;
    OnThread waiter([&] { deaths = queue.wait_for_deaths(0); });
    waiter.until_asleep();
    gate.open();
    waiter.join();
    ASSERT_EQ(deaths.size(), 1U);
    EXPECT_EQ(deaths[0].pid, victim.pid());
}

TYPED_TEST(QueueDeathsOf, others_are_seen_by_every_process_that_waits) {
    const typename TestFixture::Ints queue;
    Process victim(fork, [&] {
        queue.put(1);
        wait_to_be_killed();
    });
    take(queue);
    const int pid = victim.pid();
    const auto watch = [&] {
        const auto deaths = queue.wait_for_deaths(0);
        must(deaths.size() == 1 && deaths[0].pid == pid && deaths[0].number == 1);
    };
    Process first(fork, watch);
    Process second(fork, watch);
    victim.kill();
    EXPECT_TRUE(ends_well(first));
    EXPECT_TRUE(ends_well(second));
    EXPECT_EQ(queue.stats().deaths, 1U);
}

TYPED_TEST(QueueDeathsOf, others_need_no_parent_and_no_other_verb_to_be_noticed) {
    const typename TestFixture::Ints queue;
    const int victim = ::fork();
    if (victim == 0) {
        put_and_die(queue);
    }
    EXPECT_EQ(::waitpid(victim, nullptr, 0), victim);
    EXPECT_TRUE(queue.deaths().empty()) << "nobody has looked yet";
    const auto deaths = queue.wait_for_deaths(0, Deadline::now());
    ASSERT_EQ(deaths.size(), 1U) << "who waits looks first";
    EXPECT_EQ(deaths[0].pid, victim);
}

TYPED_TEST(QueueDeathsOf, a_closed_queue_throw_closed_error_also_in_a_waiter) {
    const typename TestFixture::Ints queue;
    OnThread waiter([&] { EXPECT_THROW((void)queue.wait_for_deaths(0), ClosedError); });
    waiter.until_asleep();
    queue.close();
    waiter.join();
    EXPECT_THROW((void)queue.deaths(), ClosedError);
    EXPECT_THROW((void)queue.participants(), ClosedError);
}

TYPED_TEST(QueueDeathsOf, a_queue_that_is_shut_down_are_told_still) {
    const typename TestFixture::Ints queue;
    Process victim(fork, [&] {
        queue.put(1);
        wait_to_be_killed();
    });
    take(queue);
    queue.shutdown();
    victim.kill();
    EXPECT_EQ(queue.wait_for_deaths(0).size(), 1U);
}

class QueueDeaths : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, QueueDeaths, both_start_methods(), start_method_name);

struct HoldTwo {
    JoinableQueue<int> jobs;
    Queue<int> ready;
    void operator()() const {
        std::vector<Lease<int>> leases;  // one by one: a batch has a redelivered item alone
        for (int i = 0; i < 2; ++i) leases.push_back(jobs.get());
        jobs.get().give_back();
        ready.put(::getpid());
        wait_to_be_killed();
    }
};

TEST_P(QueueDeaths, a_death_tells_what_was_held_and_what_became_of_it) {
    QueueOptions options;
    options.max_deliveries = 2;
    const HoldTwo holder{JoinableQueue<int>(options), {}};
    holder.jobs.put_many(std::vector{1, 2, 3});
    holder.jobs.get().give_back();  // its next delivery is the last
    Process victim(method(), holder);
    EXPECT_EQ(holder.ready.get(), victim.pid());
    victim.kill();
    const auto deaths = holder.jobs.wait_for_deaths(0);
    ASSERT_EQ(deaths.size(), 1U);
    EXPECT_EQ(deaths[0].pid, victim.pid());
    EXPECT_EQ(deaths[0].items_held, 2U);
    EXPECT_EQ(deaths[0].redelivered, 1U);
    EXPECT_EQ(deaths[0].dead_lettered, 1U);
    EXPECT_EQ(deaths[0].dropped, 0U);
    EXPECT_FALSE(deaths[0].held_producer_lock || deaths[0].held_consumer_lock ||
                 deaths[0].held_memory_lock);
    EXPECT_EQ(holder.jobs.qsize(), 2U) << "when a death is told, nothing of it is left to do";
    EXPECT_EQ(holder.jobs.dead_letters().size(), 1U);
    EXPECT_EQ(holder.ready.wait_for_deaths(0).size(), 1U) << "it died in both queues";
}

TEST_P(QueueDeaths, participants_shows_how_much_each_holds) {
    const HoldTwo holder;
    holder.jobs.put_many(std::vector{1, 2, 3, 4});
    const auto mine = holder.jobs.get();
    const auto before = Deadline::Clock::now();
    Process other(method(), holder);
    EXPECT_EQ(holder.ready.get(), other.pid());
    const auto all = holder.jobs.participants();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(all[0].is_this_process);
    EXPECT_EQ(all[0].pid, ::getpid());
    EXPECT_EQ(all[0].items_held, 1U);
    EXPECT_LT(all[0].joined, before);
    EXPECT_FALSE(all[1].is_this_process);
    EXPECT_EQ(all[1].pid, other.pid());
    EXPECT_EQ(all[1].items_held, 2U);
    EXPECT_LT(before, all[1].joined);
    EXPECT_TRUE(all[0].is_alive && all[1].is_alive);
    EXPECT_NE(all[0].id, all[1].id);
    EXPECT_NE(all[0].slot, all[1].slot);
    other.kill();
    other.join();
    ASSERT_EQ(holder.jobs.participants().size(), 1U) << "the parent has heard of the end";
    EXPECT_EQ(holder.jobs.deaths().front().id, all[1].id);
}

TEST(QueueParticipants, shows_the_dead_until_a_process_takes_over_from_them) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3});
    const int victim = ::fork();
    if (victim == 0) {
        const auto leases = queue.get_many(2);
        die();
    }
    EXPECT_EQ(::waitpid(victim, nullptr, 0), victim);
    const auto all = queue.participants();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].pid, victim);
    EXPECT_FALSE(all[1].is_alive);
    EXPECT_EQ(all[1].items_held, 2U);
    EXPECT_EQ(queue.bytes().notice_deaths(), 1U);
    EXPECT_EQ(queue.participants().size(), 1U);
}

TEST(QueueParticipants, of_a_plain_queue_hold_nothing_once_get_has_returned) {
    const Queue<std::string> queue;
    queue.put_many(std::vector{std::string(10'000, 'x'), std::string("y")});
    (void)queue.get();
    const auto all = queue.participants();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].items_held, 0U);
}

std::mutex log_lock;
std::vector<std::string> log_lines;

TEST(QueueDeathsInTheLog, each_has_a_line) {
    const JoinableQueue<int> queue(QueueOptions{.name = "jobs"});
    queue.put_many(std::vector{1, 2});
    Process victim(fork, [&] {
        const auto leases = queue.get_many(2);
        die();
    });
    set_log_sink([](LogLevel, std::string_view line) {
        const std::lock_guard guard(log_lock);
        log_lines.emplace_back(line);
    });
    set_log_level(LogLevel::debug);
    victim.join();
    set_log_level(LogLevel::warning);
    set_log_sink(nullptr);
    const std::string wanted = "JoinableQueue 'jobs': participant 2 (pid " +
                               std::to_string(victim.pid()) +
                               ", slot 1) died holding 2 items: 2 wait again, 0 are dead letters";
    unsigned found = 0;
    for (const std::string& line : log_lines) found += line.find(wanted) != std::string::npos;
    EXPECT_EQ(found, 1U) << ::testing::PrintToString(log_lines);
}

}  // namespace
}  // namespace procession::testing
