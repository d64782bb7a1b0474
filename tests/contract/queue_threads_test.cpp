// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "support/queue_helpers.h"

// Many threads of one process on one queue; also what ThreadSanitizer runs.

namespace procession::testing {
namespace {

constexpr int each_puts = sanitized ? 300 : 2000;
constexpr int team = 4;
constexpr long sum_of_all = static_cast<long>(team) * each_puts * (each_puts + 1) / 2;

template <class Kind>
class QueueThreads : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueThreads, BothKinds, KindName);

template <class Queue>
void put_all(const Queue& queue) {
    for (int i = 1; i <= each_puts; ++i) queue.put(i);
}

/// Lets `team` producers and `team` consumers loose; what the consumers found in sum.
template <class Queue, class Produce, class Consume>
long run_teams(const Queue& queue, Produce produce, Consume consume) {
    std::atomic<long> sum{0};
    std::vector<std::jthread> producers;
    std::vector<std::jthread> consumers;
    for (int i = 0; i < team; ++i) {
        consumers.emplace_back([&] { sum += consume(); });
        producers.emplace_back(produce);
    }
    producers.clear();
    queue.shutdown();
    consumers.clear();
    return sum.load();
}

template <class Queue>
long sum_until_shutdown(const Queue& queue) {
    long sum = 0;
    for (auto item : queue) sum += value_of(std::move(item));
    return sum;
}

TYPED_TEST(QueueThreads, conserve_what_they_put_and_get_one_by_one) {
    const typename TestFixture::Ints queue(16);
    const long sum =
        run_teams(queue, [&] { put_all(queue); }, [&] { return sum_until_shutdown(queue); });
    EXPECT_EQ(sum, sum_of_all);
    expect_joined(queue);
}

TYPED_TEST(QueueThreads, conserve_what_they_put_and_get_many_at_once) {
    const typename TestFixture::Ints queue(64);
    const auto produce = [&] {
        std::vector<int> batch;
        for (int i = 1; i <= each_puts; ++i) {
            batch.push_back(i);
            if (batch.size() < 37 && i < each_puts) continue;
            EXPECT_EQ(queue.put_many(batch), batch.size());
            batch.clear();
        }
    };
    const auto consume = [&] {
        long sum = 0;
        try {
            for (;;) {
                for (auto& item : queue.get_many(23)) sum += value_of(std::move(item));
            }
        } catch (const ShutDown&) {
            return sum;
        }
    };
    EXPECT_EQ(run_teams(queue, produce, consume), sum_of_all);
    expect_joined(queue);
}

TYPED_TEST(QueueThreads, conserve_large_items_too) {
    const typename TestFixture::Texts queue(8);
    const auto produce = [&] {
        for (std::size_t i = 0; i < 100; ++i) queue.put(std::string(4000 + i * 10, 'x'));
    };
    const auto consume = [&] {
        long sum = 0;
        for (auto item : queue) sum += static_cast<long>(value_of(std::move(item)).size());
        return sum;
    };
    EXPECT_EQ(run_teams(queue, produce, consume), team * (100 * 4000L + 10 * 99 * 100 / 2));
    EXPECT_EQ(queue.stats().queued_bytes, 0U);
}

TYPED_TEST(QueueThreads, with_deadlines_that_pass_all_the_time_lose_nothing) {
    const typename TestFixture::Ints queue(2);
    const auto produce = [&] {
        for (int i = 1; i <= each_puts;) i += queue.try_put(i, 20us).has_value() ? 1 : 0;
    };
    const auto consume = [&] {
        long sum = 0;
        for (;;) {
            auto got = queue.try_get(20us);
            if (got.has_value()) {
                sum += value_of(std::move(got).value());
            } else if (got.error() == GetError::shut_down) {
                return sum;
            }
        }
    };
    EXPECT_EQ(run_teams(queue, produce, consume), sum_of_all);
}

TYPED_TEST(QueueThreads, see_sizes_within_the_bounds_at_all_times) {
    const typename TestFixture::Ints queue(5);
    std::atomic<bool> over{false};
    std::jthread watcher([&] {
        while (!over.load()) {
            EXPECT_LE(queue.qsize(), 5U);
            const QueueStats stats = queue.stats();
            EXPECT_LE(stats.queued, 5U);
            EXPECT_LE(stats.memory_bytes, stats.memory_reserved_bytes);
        }
    });
    const long sum =
        run_teams(queue, [&] { put_all(queue); }, [&] { return sum_until_shutdown(queue); });
    over.store(true);
    EXPECT_EQ(sum, sum_of_all);
}

TYPED_TEST(QueueThreads, each_see_every_producer_in_its_order) {
    using Pair = std::pair<int, int>;
    const typename TestFixture::template QueueOf<Pair> queue(16);
    std::atomic<int> producer{0};
    const auto produce = [&] {
        const int me = producer++;
        for (int i = 1; i <= each_puts; ++i) queue.put({me, i});
    };
    const auto consume = [&] {
        int last[team] = {};
        long sum = 0;
        for (auto item : queue) {
            const auto [from, number] = value_of(std::move(item));
            EXPECT_LT(last[from], number);
            last[from] = number;
            sum += number;
        }
        return sum;
    };
    EXPECT_EQ(run_teams(queue, produce, consume), sum_of_all);
}

TYPED_TEST(QueueThreads, that_wait_are_all_woken_by_a_shutdown) {
    for (int round = 0; round < 20; ++round) {
        const typename TestFixture::Ints nothing;
        const typename TestFixture::Ints full(1);
        full.put(1);
        std::vector<std::jthread> waiters;
        for (int i = 0; i < 3; ++i) {
            waiters.emplace_back([&] { EXPECT_THROW((void)nothing.get(), ShutDown); });
            waiters.emplace_back([&] { EXPECT_THROW(full.put(2), ShutDown); });
        }
        nothing.shutdown(round % 2 == 0);
        full.shutdown(round % 2 == 0);
    }
}

TYPED_TEST(QueueThreads, that_wait_are_all_woken_by_a_close) {
    for (int round = 0; round < 20; ++round) {
        const typename TestFixture::Ints nothing;
        const typename TestFixture::Ints full(1);
        full.put(1);
        std::vector<std::jthread> waiters;
        for (int i = 0; i < 3; ++i) {
            waiters.emplace_back([&] { EXPECT_THROW((void)nothing.get(), ClosedError); });
            waiters.emplace_back([&] { EXPECT_THROW(full.put(2), ClosedError); });
        }
        nothing.close();
        full.close();
    }
}

TYPED_TEST(QueueThreads, make_copy_and_drop_handles_while_others_use_the_queue) {
    const typename TestFixture::Ints queue(8);
    std::atomic<bool> over{false};
    std::jthread copier([&] {
        while (!over.load()) {
            const auto copy = queue;
            const typename TestFixture::Ints other(1);
            EXPECT_NE(copy, other);
        }
    });
    const long sum =
        run_teams(queue, [&] { put_all(queue); }, [&] { return sum_until_shutdown(queue); });
    over.store(true);
    EXPECT_EQ(sum, sum_of_all);
}

TEST(JoinableQueueThreads, join_returns_when_all_is_done_and_not_before) {
    const JoinableQueue<int> queue(16);
    std::atomic<int> done{0};
    std::vector<std::jthread> workers;
    for (int i = 0; i < team; ++i) {
        workers.emplace_back([&] {
            for (auto task : queue) {
                ++done;
                task.done();
            }
        });
    }
    for (int round = 1; round <= 20; ++round) {
        for (int i = 0; i < 50; ++i) queue.put(i);
        EXPECT_TRUE(queue.join());
        EXPECT_EQ(done.load(), round * 50);
    }
    queue.shutdown();
}

TEST(JoinableQueueThreads, give_items_back_to_each_other_and_lose_none) {
    const JoinableQueue<int> queue(64);
    const auto consume = [&] {
        long sum = 0;
        for (auto task : queue) {
            if (*task % 3 == 0 && task.deliveries() == 1) {
                task.give_back();
            } else {
                sum += *task;
                task.done();
            }
        }
        return sum;
    };
    std::atomic<long> sum{0};
    std::vector<std::jthread> consumers;
    for (int i = 0; i < team; ++i) consumers.emplace_back([&] { sum += consume(); });
    {
        std::vector<std::jthread> producers;
        for (int i = 0; i < team; ++i) producers.emplace_back([&] { put_all(queue); });
    }
    EXPECT_TRUE(queue.join());
    queue.shutdown();
    consumers.clear();
    EXPECT_EQ(sum.load(), sum_of_all);
    EXPECT_EQ(queue.stats().redelivered, static_cast<std::uint64_t>(team * (each_puts / 3)));
}

TEST(JoinableQueueThreads, finish_their_own_oldest_lease_by_task_done) {
    const JoinableQueue<int> queue;
    for (int i = 0; i < team * 100; ++i) queue.put(i);
    std::vector<std::jthread> workers;
    for (int i = 0; i < team; ++i) {
        workers.emplace_back([&] {
            for (int taken = 0; taken < 100; ++taken) (void)queue.get().detach();
            for (int finished = 0; finished < 100; ++finished) queue.task_done();
            EXPECT_THROW(queue.task_done(), ValueError) << "only its own";
        });
    }
    workers.clear();
    EXPECT_TRUE(queue.join(0ms));
}

}  // namespace
}  // namespace procession::testing
