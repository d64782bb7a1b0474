// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "procession/log.h"
#include "support/queue_helpers.h"

// How leases end that no call has ended by name, and how detached ones end.

namespace procession::testing {
namespace {

void expect_given_back(const JoinableQueue<int>& queue, int value) {
    auto again = queue.get(Deadline::now());
    EXPECT_EQ(*again, value);
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
}

TEST(QueueLease, that_is_destroyed_without_done_gives_its_item_back) {
    const JoinableQueue<int> queue;
    queue.put(1);
    { const auto lease = queue.get(); }
    expect_given_back(queue, 1);
    EXPECT_TRUE(queue.join(0ms));
}

TEST(QueueLease, that_is_destroyed_wakes_a_waiting_get) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = std::make_unique<Lease<int>>(queue.get());
    OnThread getter([&] { EXPECT_EQ(take(queue), 1); });
    getter.until_asleep();
    lease.reset();
}

TEST(QueueLease, that_is_destroyed_becomes_a_dead_letter_where_the_queue_says_so) {
    QueueOptions options;
    options.on_exception = OnException::dead_letter;
    const JoinableQueue<int> queue(options);
    queue.put(1);
    { const auto lease = queue.get(); }
    EXPECT_TRUE(queue.join(0ms));
    EXPECT_TRUE(contains(queue.dead_letters().at(0).reason, "destroyed without done()"));
}

TEST(QueueLease, of_a_batch_that_is_dropped_gives_its_item_back_in_the_old_order) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3, 4});
    {
        auto leases = queue.get_many(3);
        leases[1].done();
    }
    EXPECT_EQ(take_all(queue), (std::vector{1, 3, 4}));
    EXPECT_TRUE(queue.join(0ms));
}

TEST(QueueLease, of_a_view_gives_its_item_back) {
    const JoinableQueue<int[]> queue;
    queue.put(std::vector<int>(5000, 7));
    { const auto lease = queue.borrow(); }
    auto again = queue.get(Deadline::now());
    EXPECT_EQ(again.deliveries(), 2U);
    EXPECT_EQ(*again, std::vector<int>(5000, 7));
    again.done();
}

TEST(QueueLease, in_a_task_of_another_thread_that_throws_gives_its_item_back) {
    const JoinableQueue<int> queue;
    queue.put(1);
    {
        auto result = std::async(std::launch::async, [lease = queue.get()] {
            if (*lease == 1) throw std::runtime_error("failed");
        });
        EXPECT_THROW(result.get(), std::runtime_error);
    }
    expect_given_back(queue, 1);
    EXPECT_TRUE(queue.join(0ms));
}

TEST(QueueLease, that_ends_on_another_thread_gives_its_item_back) {
    const JoinableQueue<int> queue;
    queue.put(1);
    OnThread([lease = queue.get()] {}).join();
    expect_given_back(queue, 1);
}

TEST(QueueLease, that_task_done_has_finished_ends_without_a_word) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    {
        const auto lease = queue.get();
        queue.task_done();
    }
    EXPECT_EQ(queue.unfinished(), 1U);
    EXPECT_EQ(queue.qsize(), 1U);
}

TEST(QueueLease, that_was_moved_from_gives_nothing_back) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = std::make_unique<Lease<int>>(queue.get());
    auto mine = std::move(*lease);
    lease.reset();
    EXPECT_TRUE(queue.empty());
    mine.done();
}

TEST(QueueLease, that_was_moved_from_says_so_when_it_is_ended) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    auto another = std::move(lease);
    const std::function<void(Lease<int>&)> ends[] = {
        [](Lease<int>& l) { l.done(); },          [](Lease<int>& l) { l.give_back(); },
        [](Lease<int>& l) { l.reject("no"); },    [](Lease<int>& l) { l.detach(); },
        [](Lease<int>& l) { l.run([](int) {}); },
    };
    for (const auto& end : ends) {
        // NOLINTNEXTLINE(bugprone-use-after-move)  what this test is about
        const auto why = message_of<ValueError>([&] { end(lease); });
        EXPECT_TRUE(contains(why, "another lease has its item")) << why;
    }
    another.done();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(QueueLease, of_a_queue_that_was_closed_ends_without_a_word) {
    const JoinableQueue<int> queue;
    queue.put(1);
    const auto lease = queue.get();
    queue.close();
}

TEST(QueueLease, of_a_task_that_only_its_last_delivery_can_end_lets_join_return) {
    QueueOptions options;
    options.max_deliveries = 3;
    const JoinableQueue<int> queue(options);
    queue.put(1);
    for (int i = 0; i < 3; ++i) (void)queue.get(Deadline::now());
    EXPECT_TRUE(queue.join(0ms));
    const auto letter = queue.dead_letters().at(0);
    EXPECT_EQ(letter.deliveries, 3U);
    EXPECT_TRUE(contains(letter.reason,
                         "given back after delivery 3 of at most 3: its lease was "
                         "destroyed without done()"));
}

std::atomic<int> lines{0};

TEST(QueueLease, that_is_destroyed_is_told_in_the_log_ever_more_rarely) {
    const JoinableQueue<int> queue(QueueOptions{.max_deliveries = 1000, .name = "forgotten"});
    queue.put(1);
    lines = 0;
    set_log_sink([](LogLevel level, std::string_view line) {
        EXPECT_EQ(level, LogLevel::warning);
        EXPECT_TRUE(contains(std::string(line), "'forgotten': a lease was destroyed without done"));
        ++lines;
    });
    for (int i = 0; i < 100; ++i) (void)queue.get(Deadline::now());
    set_log_sink(nullptr);
    EXPECT_EQ(lines, 7) << "the first, and each power of two up to 64";
}

TEST(QueueLease, that_a_fork_child_destroys_stays_its_parents) {
    PROCESSION_NEEDS_FORK();
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = std::make_unique<Lease<int>>(queue.get());
    Process child(fork, [&] { lease.reset(); });
    EXPECT_TRUE(ends_well(child));
    EXPECT_TRUE(queue.empty());
    lease->done();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(QueueLease, that_is_destroyed_by_an_exception_says_so_in_its_letter) {
    QueueOptions options;
    options.max_deliveries = 1;
    const JoinableQueue<int> queue(options);
    queue.put(1);
    const auto fail = [&] {
        const auto lease = queue.get();
        throw std::runtime_error("failed");
    };
    EXPECT_THROW(fail(), std::runtime_error);
    EXPECT_TRUE(contains(queue.dead_letters().at(0).reason, "an exception left the scope"));
}

// ---- run()

TEST(QueueLeaseRun, finishes_the_item_and_returns_what_the_work_returns) {
    const JoinableQueue<std::string> queue;
    queue.put("word");
    auto lease = queue.get();
    EXPECT_EQ(lease.run(&std::string::size), 4U);
    EXPECT_TRUE(queue.join(0ms));
    queue.put("other");
    auto other = queue.get();
    EXPECT_EQ(&other.run([](std::string& text) -> std::string& { return text; }), &*other);
    EXPECT_TRUE(queue.join(0ms));
}

TEST(QueueLeaseRun, tells_the_exceptions_type_and_text_in_the_dead_letter) {
    for (const auto on_exception : {OnException::give_back, OnException::dead_letter}) {
        QueueOptions options;
        options.max_deliveries = 2;
        options.on_exception = on_exception;
        const JoinableQueue<std::string> queue(options);
        queue.put("x");
        const auto parse = [](const std::string&) { throw std::invalid_argument("no number"); };
        while (!queue.join(0ms)) EXPECT_THROW(queue.get().run(parse), std::invalid_argument);
        EXPECT_TRUE(
            contains(queue.dead_letters().at(0).reason, "std::invalid_argument: no number"));
    }
}

TEST(QueueLeaseRun, of_what_is_no_std_exception_names_its_type) {
    QueueOptions options;
    options.max_deliveries = 1;
    const JoinableQueue<int> queue(options);
    queue.put(1);
    EXPECT_THROW(queue.get().run([](int) { throw 7; }), int);
    EXPECT_TRUE(contains(queue.dead_letters().at(0).reason, ": int"));
}

TEST(QueueLeaseRun, leaves_alone_what_the_work_has_ended) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    lease.run([&](int) { lease.reject("no"); });
    EXPECT_EQ(queue.dead_letters().size(), 1U);
    EXPECT_TRUE(queue.join(0ms));
}

// ---- detach()

TEST(QueueLeaseDetached, is_finished_by_task_done_before_any_that_has_a_lease) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3});
    auto first = queue.get();
    EXPECT_EQ(queue.get().detach(), 2);
    EXPECT_EQ(queue.get().detach(), 3);
    queue.task_done();
    queue.task_done();
    EXPECT_EQ(queue.unfinished(), 1U);
    EXPECT_NO_THROW(first.done());
    EXPECT_TRUE(queue.join(0ms));
}

TEST(QueueLeaseDetached, belongs_to_the_thread_that_detached_it) {
    const JoinableQueue<int> queue;
    queue.put(1);
    OnThread([&queue, lease = queue.get()]() mutable {
        lease.detach();
        queue.task_done();
    }).join();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(QueueLeaseDetached, cannot_be_ended_by_its_lease) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    lease.detach();
    EXPECT_TRUE(contains(message_of<ValueError>([&] { lease.done(); }), "was detached"));
    EXPECT_TRUE(contains(message_of<ValueError>([&] { lease.detach(); }), "was detached"));
    queue.task_done();
}

// ---- in processes of all kinds

class QueueLeaseStarted : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, QueueLeaseStarted, both_start_methods(), start_method_name);

// A worker that forgets the even ones.
void work_and_forget(const JoinableQueue<int>& jobs) {
    set_log_level(LogLevel::error);
    for (auto task : jobs) {
        if (*task % 2 == 0) continue;
        task.done();
    }
}

TEST_P(QueueLeaseStarted, forgotten_by_a_worker_becomes_a_dead_letter_and_join_returns) {
    QueueOptions options;
    options.max_deliveries = 3;
    const JoinableQueue<int> jobs(options);
    jobs.put_many(std::vector{1, 2, 3, 4, 5});
    Process worker(method(), work_and_forget, jobs);
    EXPECT_TRUE(jobs.join());
    EXPECT_EQ(jobs.dead_letters().size(), 2U);
    jobs.shutdown();
    EXPECT_TRUE(ends_well(worker));
}

void leave_early(const JoinableQueue<int>& jobs) {
    for (auto task : jobs) {
        if (*task == 2) return;
        task.done();
    }
}

TEST_P(QueueLeaseStarted, of_a_worker_that_returns_early_goes_back_at_once) {
    const JoinableQueue<int> jobs;
    jobs.put_many(std::vector{1, 2, 3});
    EXPECT_TRUE(ends_well(Process(method(), leave_early, jobs)));
    EXPECT_EQ(jobs.stats().deaths, 0U);
    EXPECT_EQ(take_all(jobs), (std::vector{2, 3}));
    EXPECT_TRUE(jobs.join(0ms));
}

void detach_and_end(const JoinableQueue<int>& jobs) { (void)jobs.get().detach(); }

TEST_P(QueueLeaseStarted, that_was_detached_goes_back_when_its_process_ends) {
    const JoinableQueue<int> jobs;
    jobs.put(1);
    EXPECT_TRUE(ends_well(Process(method(), detach_and_end, jobs)));
    expect_given_back(jobs, 1);
}

}  // namespace
}  // namespace procession::testing
