// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <thread>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "support/queue_helpers.h"

// task_done(): each thread finishes what it has taken itself.

namespace procession::testing {
namespace {

// The system gives the id of an ended thread to a new one.
TEST(QueueTaskDone, task_done_does_not_finish_what_an_ended_thread_has_taken) {
    const JoinableQueue<int> queue;
    queue.put(1);
    std::optional<Lease<int>> kept;
    std::thread::id taker;
    std::thread([&] {
        taker = std::this_thread::get_id();
        kept.emplace(queue.get());
    }).join();
    bool had_its_id = false;
    for (int i = 0; i < 100 && !had_its_id; ++i) {
        std::thread([&] {
            had_its_id = std::this_thread::get_id() == taker;
            EXPECT_THROW(queue.task_done(), ValueError);
        }).join();
    }
    EXPECT_THROW(queue.task_done(), ValueError) << "nor is it this thread's";
    EXPECT_EQ(queue.unfinished(), 1U);
    kept->done();
    EXPECT_EQ(queue.unfinished(), 0U);
}

TEST(QueueTaskDone, each_thread_finishes_its_own_items_the_oldest_first) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3, 4});
    std::vector<Lease<int>> leases;
    leases.push_back(queue.get());
    std::thread([&] {
        leases.push_back(queue.get());
        leases.push_back(queue.get());
        queue.task_done();
    }).join();
    leases.push_back(queue.get());
    queue.task_done();
    EXPECT_THROW(leases[0].done(), ValueError) << "finished by this thread";
    EXPECT_THROW(leases[1].done(), ValueError) << "finished by the other one";
    leases[2].done();
    leases[3].done();
    EXPECT_TRUE(queue.join(0ms));
}

#ifdef __GLIBC__
TEST(QueueTaskDone, threads_and_queues_that_have_ended_leave_no_memory_behind) {
    const auto in_use = [] { return ::mallinfo2().uordblks; };
    const JoinableQueue<int> queue;
    const auto work = [&] {
        JoinableQueue<int> own;
        own.put(1);
        const auto lease = own.get();
        own.task_done();
        queue.put(1);
        auto shared = queue.get();
        shared.done();
    };
    const auto work_on_a_thread = [&] { std::thread(work).join(); };
    work();
    work_on_a_thread();
    const auto before = in_use();
    for (int i = 0; i < 500; ++i) work_on_a_thread();
    // A book has 2 KiB at least.
    EXPECT_LT(in_use(), before + 100'000) << "ended threads";
    const auto between = in_use();
    for (int i = 0; i < 500; ++i) work();
    EXPECT_LT(in_use(), between + 100'000) << "ended queues";
}
#endif

}  // namespace
}  // namespace procession::testing
