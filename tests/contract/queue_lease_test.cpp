// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "support/queue_helpers.h"

// JoinableQueue: leases, task_done and join (P6).

namespace procession::testing {
namespace {

constexpr const char* too_many = "called too many times";

std::vector<int> order_of_redelivery(const JoinableQueue<int>& queue) {
    std::vector<int> values;
    while (!queue.empty()) values.push_back(take(queue, Deadline::now()));
    return values;
}

TEST(JoinableQueueTasks, task_done_once_too_often_throws) {
    const JoinableQueue<int> queue;
    EXPECT_TRUE(contains(message_of<ValueError>([&] { queue.task_done(); }), too_many));
    queue.put(1);
    EXPECT_TRUE(contains(message_of<ValueError>([&] { queue.task_done(); }), too_many));
    (void)queue.get().detach();
    queue.task_done();
    EXPECT_TRUE(contains(message_of<ValueError>([&] { queue.task_done(); }), too_many));
}

TEST(JoinableQueueTasks, done_finishes_the_item) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    EXPECT_EQ(queue.unfinished(), 1U);
    lease.done();
    EXPECT_EQ(queue.unfinished(), 0U);
    EXPECT_EQ(queue.stats().finished, 1U);
}

TEST(JoinableQueueTasks, ending_a_lease_twice_throws_value_error) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3});
    for (const auto end : {0, 1, 2}) {
        auto lease = queue.get();
        if (end == 0) lease.done();
        if (end == 1) lease.give_back();
        if (end == 2) lease.reject("no");
        EXPECT_TRUE(message_of<ValueError>([&] { lease.done(); }).starts_with("done "));
        EXPECT_TRUE(message_of<ValueError>([&] { lease.give_back(); }).starts_with("give_back "));
        EXPECT_TRUE(message_of<ValueError>([&] { lease.reject("no"); }).starts_with("reject "));
        EXPECT_TRUE(message_of<ValueError>([&] { lease.detach(); }).starts_with("detach "));
        EXPECT_TRUE(message_of<ValueError>([&] { lease.run([](int) {}); }).starts_with("run "));
    }
    EXPECT_EQ(queue.stats().finished, 2U);
}

TEST(JoinableQueueTasks, done_after_task_done_finished_it_throws_and_finishes_nothing_else) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    auto first = queue.get();
    auto second = queue.get();
    queue.task_done();
    EXPECT_THROW(first.done(), ValueError) << "it was the oldest";
    EXPECT_EQ(queue.unfinished(), 1U);
    second.done();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueTasks, a_detached_lease_waits_for_task_done) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    EXPECT_EQ(queue.get().detach(), 1);
    {
        auto lease = queue.get();
        lease.detach();
        EXPECT_EQ(*lease, 2) << "the value stays with a lease that has a name";
    }
    EXPECT_TRUE(queue.empty()) << "nothing was given back";
    EXPECT_EQ(queue.unfinished(), 2U);
    queue.task_done();
    queue.task_done();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueTasks, unfinished_counts_what_was_put_and_not_finished) {
    const JoinableQueue<int> queue;
    EXPECT_EQ(queue.unfinished(), 0U);
    queue.put_many(std::vector{1, 2, 3});
    EXPECT_EQ(queue.unfinished(), 3U);
    auto lease = queue.get();
    EXPECT_EQ(queue.unfinished(), 3U);
    lease.give_back();
    EXPECT_EQ(queue.unfinished(), 3U);
    queue.get().done();
    EXPECT_EQ(queue.unfinished(), 2U);
    queue.get().reject("no");
    EXPECT_EQ(queue.unfinished(), 1U);
}

TEST(JoinableQueueTasks, a_million_calls_of_task_done_overflow_nothing) {
    const JoinableQueue<char> queue;
    for (int i = 0; i < 100'000; ++i) {
        queue.put('x');
        (void)queue.get().detach();
        queue.task_done();
    }
    EXPECT_TRUE(queue.join(0ms));
    EXPECT_EQ(queue.stats().finished, 100'000U);
}

TEST(JoinableQueueJoin, of_a_fresh_queue_returns_at_once) {
    const JoinableQueue<int> queue;
    EXPECT_TRUE(queue.join());
    EXPECT_TRUE(queue.join(Deadline::now()));
}

TEST(JoinableQueueJoin, is_false_at_the_deadline_and_true_when_all_is_done) {
    const JoinableQueue<int> queue;
    queue.put(1);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(queue.join(60ms));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 60ms);
    EXPECT_FALSE(queue.join(-1s));
    auto lease = queue.get();
    EXPECT_FALSE(queue.join(1ms)) << "taken is not done";
    lease.done();
    EXPECT_TRUE(queue.join(-1s));
    queue.put(2);
    EXPECT_FALSE(queue.join(Deadline::now())) << "it can be used again";
}

TEST(JoinableQueueJoin, wakes_all_that_wait_when_the_last_item_is_finished) {
    const JoinableQueue<int> queue;
    queue.put(1);
    const auto join = [&] { EXPECT_TRUE(queue.join()); };
    OnThread waiters[] = {OnThread(join), OnThread(join), OnThread(join)};
    for (OnThread& each : waiters) each.until_asleep();
    queue.get().done();
}

TEST(JoinableQueueRedelivery, an_exception_leaving_the_scope_gives_the_item_back) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    const auto fail = [&] {
        const auto lease = queue.get();
        EXPECT_EQ(lease.deliveries(), 1U);
        throw std::runtime_error("failed");
    };
    EXPECT_THROW(fail(), std::runtime_error);
    EXPECT_EQ(queue.qsize(), 2U);
    auto again = queue.get();
    EXPECT_EQ(*again, 1) << "before younger ones";
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
    auto other = queue.get();
    EXPECT_EQ(other.deliveries(), 1U);
    other.done();
    EXPECT_EQ(queue.stats().redelivered, 1U);
}

TEST(JoinableQueueRedelivery, an_exception_in_a_range_for_gives_the_item_in_hand_back) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3});
    const auto work = [&] {
        for (auto task : queue) {
            if (*task == 2) throw std::runtime_error("failed");
            task.done();
        }
    };
    EXPECT_THROW(work(), std::runtime_error);
    EXPECT_EQ(order_of_redelivery(queue), (std::vector{2, 3}));
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueRedelivery, an_exception_caught_inside_the_scope_gives_nothing_back) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    try {
        throw std::runtime_error("caught");
    } catch (const std::runtime_error&) {
        auto moved = std::move(lease);
        EXPECT_EQ(*moved, 1);
        moved.done();
    }
    EXPECT_TRUE(queue.empty());
    EXPECT_TRUE(queue.join(0ms));
}

/// Takes and finishes an item while an exception passes.
struct WorksInItsDestructor {
    const JoinableQueue<int>& queue;
    ~WorksInItsDestructor() { queue.get().done(); }
};

TEST(JoinableQueueRedelivery, a_lease_taken_while_an_exception_passes_is_not_its_business) {
    const JoinableQueue<int> queue;
    queue.put(1);
    const auto fail = [&] {
        const WorksInItsDestructor worker{queue};
        throw std::runtime_error("failed");
    };
    EXPECT_THROW(fail(), std::runtime_error);
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueRedelivery, several_given_back_in_any_order_come_in_their_old_one) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3, 4, 5, 6});
    auto leases = queue.get_many(5);
    for (const std::size_t each : {3U, 0U, 4U, 2U, 1U}) leases[each].give_back();
    EXPECT_EQ(order_of_redelivery(queue), (std::vector{1, 2, 3, 4, 5, 6}));
}

TEST(JoinableQueueRedelivery, keeps_the_old_order_over_many_chunks) {
    const JoinableQueue<int> queue;
    std::vector<int> numbers(20'000);
    for (int i = 0; i < 20'000; ++i) numbers[static_cast<std::size_t>(i)] = i;
    queue.put_many(numbers);
    auto leases = queue.get_many(20'000);
    std::vector<int> expected;
    for (std::size_t i = leases.size(); i-- > 0;) {
        if (i % 100 != 7) continue;
        leases[i].give_back();
        expected.insert(expected.begin(), static_cast<int>(i));
    }
    EXPECT_EQ(order_of_redelivery(queue), expected);
    for (std::size_t i = 0; i < leases.size(); ++i) {
        if (i % 100 != 7) leases[i].done();
    }
}

TEST(JoinableQueueRedelivery, a_lease_assigned_over_gives_its_item_back) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    auto lease = queue.get();
    lease = queue.get();
    EXPECT_EQ(*lease, 2);
    lease.done();
    EXPECT_EQ(order_of_redelivery(queue), std::vector{1});
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueRedelivery, items_given_back_do_not_keep_producers_out) {
    const JoinableQueue<int> queue(1);
    queue.put(1);
    auto lease = queue.get();
    queue.put(2);
    EXPECT_TRUE(queue.full());
    lease.give_back();
    EXPECT_EQ(queue.qsize(), 2U);
    EXPECT_TRUE(queue.full());
    EXPECT_EQ(take(queue), 1);
    EXPECT_TRUE(queue.full()) << "the younger one still waits";
    EXPECT_EQ(take(queue), 2);
    EXPECT_FALSE(queue.full());
}

TEST(JoinableQueueRedelivery, full_says_what_put_nowait_would_do_also_beside_returned_items) {
    const JoinableQueue<int> queue(2);
    queue.put_many(std::vector{1, 2});
    auto leases = queue.get_many(2);
    for (auto& lease : leases) lease.give_back();
    EXPECT_EQ(queue.qsize(), 2U);
    EXPECT_FALSE(queue.full());
    queue.put_nowait(3);
    EXPECT_FALSE(queue.full());
    queue.put_nowait(4);
    EXPECT_TRUE(queue.full());
    EXPECT_THROW(queue.put_nowait(5), Full);
    EXPECT_EQ(order_of_redelivery(queue), (std::vector{1, 2, 3, 4}));
}

TEST(JoinableQueueRedelivery, wakes_a_waiting_get) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    OnThread getter([&] { EXPECT_EQ(take(queue), 1); });
    getter.until_asleep();
    lease.give_back();
}

TEST(JoinableQueueLease, may_be_finished_on_another_thread) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    OnThread([&queue, lease = std::move(lease)]() mutable {
        EXPECT_EQ(*lease, 1);
        EXPECT_TRUE(contains(message_of<ValueError>([&] { queue.task_done(); }), too_many))
            << "the lease is not this thread's for task_done";
        lease.done();
    }).join();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueLease, on_another_thread_is_given_back_by_an_exception_there) {
    const JoinableQueue<int> queue;
    queue.put(1);
    OnThread([lease = queue.get()]() mutable {
        const auto fail = [&] {
            const auto mine = std::move(lease);
            throw std::runtime_error("failed");
        };
        EXPECT_THROW(fail(), std::runtime_error);
    }).join();
    auto again = queue.get();
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
}

TEST(JoinableQueueLease, lets_its_holder_change_the_value_and_gives_others_the_original) {
    const JoinableQueue<std::string> queue;
    queue.put("original");
    auto lease = queue.get();
    lease->append(" changed");
    *lease += "!";
    EXPECT_EQ(*lease, "original changed!");
    lease.give_back();
    EXPECT_EQ(take(queue), "original");
}

TEST(JoinableQueueLease, outlives_every_handle_of_its_queue) {
    auto queue = std::make_unique<JoinableQueue<int>>();
    queue->put(1);
    auto lease = queue->get();
    queue.reset();
    EXPECT_EQ(*lease, 1);
    EXPECT_NO_THROW(lease.done());
}

TEST(JoinableQueueInFork, a_child_cannot_end_its_parents_lease_and_the_parent_still_can) {
    PROCESSION_NEEDS_FORK();
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    Process child(fork, [&] {
        const std::string parents = "the parent process's";
        must(contains(message_of<ValueError>([&] { lease.done(); }), parents));
        must(contains(message_of<ValueError>([&] { lease.give_back(); }), parents));
        must(contains(message_of<ValueError>([&] { lease.reject("no"); }), parents));
        must(contains(message_of<ValueError>([&] { queue.task_done(); }), too_many));
        must(queue.unfinished() == 1);
    });
    EXPECT_TRUE(ends_well(child));
    lease.done();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueInFork, an_exception_in_the_child_does_not_give_the_parents_lease_back) {
    PROCESSION_NEEDS_FORK();
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    Process child(fork, [&] {
        const auto fail = [&] {
            const auto mine = std::move(lease);
            throw std::logic_error("the child's own");
        };
        must(!message_of<std::logic_error>(fail).empty());
        must(queue.empty());
    });
    EXPECT_TRUE(ends_well(child));
    EXPECT_TRUE(queue.empty());
    lease.done();
}

class JoinableQueueStarted : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, JoinableQueueStarted, both_start_methods(),
                         start_method_name);

void work(const JoinableQueue<int>& jobs, const Queue<int>& results) {
    for (auto task : jobs) {
        results.put(*task * 2);
        task.done();
    }
}

TEST_P(JoinableQueueStarted, join_waits_for_the_workers) {
    const JoinableQueue<int> jobs(10);
    const Queue<int> results;
    std::vector<Process> workers;
    for (int i = 0; i < 3; ++i) workers.emplace_back(method(), work, jobs, results);
    int expected = 0;
    for (int i = 0; i < 500; ++i) {
        jobs.put(i);
        expected += 2 * i;
    }
    EXPECT_TRUE(jobs.join());
    EXPECT_EQ(results.qsize(), 500U) << "each was finished after its result was put";
    for (int i = 0; i < 500; ++i) expected -= take(results);
    EXPECT_EQ(expected, 0);
    jobs.shutdown();
    for (Process& each : workers) EXPECT_TRUE(ends_well(each));
}

void fail_on(const JoinableQueue<int>& jobs) {
    const auto task = jobs.get();
    throw std::runtime_error("the task cannot be done");
}

TEST_P(JoinableQueueStarted, a_worker_that_ends_by_an_exception_gives_its_item_back) {
    const JoinableQueue<int> jobs;
    jobs.put(1);
    Process worker(method(), fail_on, jobs);
    worker.join();
    EXPECT_EQ(worker.exit_code(), 1);
    auto again = jobs.get();
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
}

void take_and_return(const JoinableQueue<int>& jobs) { (void)jobs.get().detach(); }

TEST_P(JoinableQueueStarted, a_worker_that_returns_without_task_done_gives_its_item_back) {
    const JoinableQueue<int> jobs;
    jobs.put(1);
    EXPECT_TRUE(ends_well(Process(method(), take_and_return, jobs)));
    auto again = jobs.get();
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
    EXPECT_TRUE(jobs.join(0ms));
}

void take_three_and_wait(const JoinableQueue<int>& jobs, const Queue<int>& says) {
    const auto leases = jobs.get_many(3);
    says.put(static_cast<int>(leases.size()));
    wait_to_be_killed();
}

TEST_P(JoinableQueueStarted, what_a_killed_worker_held_comes_again_before_younger_items) {
    const JoinableQueue<int> jobs;
    const Queue<int> says;
    jobs.put_many(std::vector{1, 2, 3, 4});
    Process worker(method(), take_three_and_wait, jobs, says);
    EXPECT_EQ(take(says), 3);
    worker.kill();
    worker.join();
    jobs.bytes().notice_deaths();
    for (int i = 1; i <= 4; ++i) {
        auto lease = jobs.get();
        EXPECT_EQ(*lease, i);
        EXPECT_EQ(lease.deliveries(), i <= 3 ? 2U : 1U);
        lease.done();
    }
    EXPECT_EQ(jobs.stats().redelivered, 3U);
    EXPECT_EQ(jobs.stats().deaths, 1U);
}

}  // namespace
}  // namespace procession::testing
