// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/queue_helpers.h"

// shutdown(): the end of a queue for all processes (P7).

namespace procession::testing {
namespace {

template <class Kind>
class QueueShutdown : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueShutdown, BothKinds, KindName);

TYPED_TEST(QueueShutdown, every_put_throws_shut_down) {
    const typename TestFixture::Ints queue;
    queue.shutdown();
    EXPECT_THROW(queue.put(1), ShutDown);
    EXPECT_THROW(queue.put(1, 1ms), ShutDown);
    EXPECT_THROW(queue.put_nowait(1), ShutDown);
    EXPECT_EQ(queue.try_put(1).error(), PutError::shut_down);
    EXPECT_THROW(queue.put_many(std::vector{1, 2}), ShutDown);
    EXPECT_EQ(queue.stats().put, 0U);
}

TYPED_TEST(QueueShutdown, a_put_of_a_large_item_throws_shut_down_and_keeps_no_memory) {
    const typename TestFixture::Texts queue;
    queue.shutdown();
    const auto before = queue.stats().memory_bytes;
    EXPECT_THROW(queue.put(std::string(1 << 20, 'x')), ShutDown);
    EXPECT_EQ(queue.stats().memory_bytes, before);
}

TYPED_TEST(QueueShutdown, a_put_to_a_full_queue_says_shut_down_not_full) {
    const typename TestFixture::Ints queue(1);
    queue.put(1);
    queue.shutdown();
    EXPECT_THROW(queue.put_nowait(2), ShutDown);
    EXPECT_EQ(queue.try_put(2, 1ms).error(), PutError::shut_down);
}

TYPED_TEST(QueueShutdown, get_takes_what_is_left_then_throws_shut_down) {
    const typename TestFixture::Ints queue;
    queue.put(1);
    queue.put(2);
    queue.shutdown();
    EXPECT_EQ(queue.qsize(), 2U);
    EXPECT_EQ(take(queue), 1);
    EXPECT_EQ(value_of(queue.get_nowait()), 2);
    EXPECT_THROW((void)queue.get(), ShutDown);
    EXPECT_THROW((void)queue.get_nowait(), ShutDown);
    EXPECT_EQ(queue.try_get().error(), GetError::shut_down);
    EXPECT_EQ(queue.try_get(1h).error(), GetError::shut_down);
}

TYPED_TEST(QueueShutdown, immediately_drops_what_is_left) {
    const typename TestFixture::Texts queue;
    for (int i = 0; i < 100; ++i) queue.put(std::string(i % 2 == 0 ? 10 : 10'000, 'x'));
    queue.shutdown(true);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.stats().queued_bytes, 0U);
    EXPECT_THROW((void)queue.get(), ShutDown);
    EXPECT_THROW((void)queue.get_nowait(), ShutDown);
    EXPECT_THROW(queue.put("more"), ShutDown);
}

TYPED_TEST(QueueShutdown, again_is_no_error_and_immediately_wins) {
    const typename TestFixture::Ints queue;
    queue.put(1);
    queue.shutdown();
    queue.shutdown();
    EXPECT_EQ(queue.qsize(), 1U);
    queue.shutdown(true);
    queue.shutdown(false);
    EXPECT_EQ(queue.qsize(), 0U);
    EXPECT_THROW((void)queue.get(), ShutDown);
}

TYPED_TEST(QueueShutdown, wakes_every_waiting_get_and_put_of_this_process) {
    for (const bool immediate : {false, true}) {
        const typename TestFixture::Ints nothing;
        const typename TestFixture::Ints full(1);
        full.put(1);
        const auto get = [&] { EXPECT_THROW((void)nothing.get(), ShutDown); };
        const auto put = [&] { EXPECT_THROW(full.put(2), ShutDown); };
        OnThread waiters[] = {OnThread(get), OnThread(get), OnThread(put), OnThread(put)};
        for (OnThread& each : waiters) each.until_asleep();
        nothing.shutdown(immediate);
        full.shutdown(immediate);
    }
}

TEST(JoinableQueueShutdown, lets_join_wait_for_the_items_that_are_left) {
    const JoinableQueue<int> queue;
    queue.put(1);
    queue.shutdown();
    EXPECT_FALSE(queue.join(1ms));
    EXPECT_EQ(take(queue), 1);
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueShutdown, still_delivers_what_is_given_back_later) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    queue.shutdown();
    EXPECT_THROW((void)queue.get(), ShutDown);
    lease.give_back();
    EXPECT_EQ(take(queue), 1);
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueShutdown, immediately_counts_what_was_left_as_finished) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3});
    OnThread joiner([&] { EXPECT_TRUE(queue.join()); });
    joiner.until_asleep();
    queue.shutdown(true);
    joiner.join();
    EXPECT_EQ(queue.unfinished(), 0U);
    EXPECT_EQ(queue.stats().finished, 3U);
}

TEST(JoinableQueueShutdown, immediately_leaves_items_in_hand_to_their_holders) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    auto lease = queue.get();
    queue.shutdown(true);
    EXPECT_EQ(queue.unfinished(), 1U);
    EXPECT_FALSE(queue.join(1ms));
    lease.done();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueShutdown, immediately_drops_also_what_had_been_given_back) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    queue.get().give_back();
    queue.shutdown(true);
    EXPECT_TRUE(queue.empty());
    EXPECT_TRUE(queue.join(0ms));
}

TEST(JoinableQueueShutdown, immediately_drops_also_what_is_given_back_later_so_that_join_ends) {
    const JoinableQueue<int> queue;
    queue.put(1);
    auto lease = queue.get();
    queue.shutdown(true);
    OnThread joiner([&] { EXPECT_TRUE(queue.join()); });
    joiner.until_asleep();
    lease.give_back();
    joiner.join();
    EXPECT_EQ(queue.unfinished(), 0U);
    EXPECT_TRUE(queue.empty());
}

template <class Kind>
class QueueShutdownStarted : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueShutdownStarted, BothKindsStarted, KindName);

template <class Queue>
void wait_in_get(const Queue& queue, const procession::Queue<int>& says) {
    says.put(0);
    must(!message_of<ShutDown>([&] { (void)queue.get(); }).empty());
}
template <class Queue>
void wait_in_put(const Queue& queue, const procession::Queue<int>& says) {
    says.put(0);
    must(!message_of<ShutDown>([&] { queue.put(2); }).empty());
}

TYPED_TEST(QueueShutdownStarted, wakes_waiting_gets_and_puts_of_other_processes) {
    using Items = typename TestFixture::Ints;
    const procession::Queue<int> says;
    for (const bool immediate : {false, true}) {
        const Items nothing;
        const Items full(1);
        full.put(1);
        Process getter(TypeParam::method, wait_in_get<Items>, nothing, says);
        Process putter(TypeParam::method, wait_in_put<Items>, full, says);
        EXPECT_EQ(take(says) + take(says), 0);
        until_asleep(getter.pid(), getter.pid());
        until_asleep(putter.pid(), putter.pid());
        nothing.shutdown(immediate);
        full.shutdown(immediate);
        EXPECT_TRUE(ends_well(getter));
        EXPECT_TRUE(ends_well(putter));
    }
}

template <class Queue>
void shut_down(const Queue& queue, bool immediate) {
    queue.shutdown(immediate);
}

TYPED_TEST(QueueShutdownStarted, by_a_child_ends_the_queue_for_its_parent) {
    using Items = typename TestFixture::Ints;
    const Items queue;
    queue.put(1);
    EXPECT_TRUE(ends_well(Process(TypeParam::method, shut_down<Items>, queue, false)));
    EXPECT_THROW(queue.put(2), ShutDown);
    EXPECT_EQ(take(queue), 1);
    EXPECT_THROW((void)queue.get(), ShutDown);
}

class JoinableQueueShutdownStarted : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, JoinableQueueShutdownStarted, both_start_methods(),
                         start_method_name);

void wait_in_join(const JoinableQueue<int>& queue, const Queue<int>& says) {
    says.put(0);
    must(queue.join());
}

TEST_P(JoinableQueueShutdownStarted, immediately_ends_the_join_of_another_process) {
    const JoinableQueue<int> queue;
    const Queue<int> says;
    queue.put_many(std::vector{1, 2, 3});
    Process joiner(method(), wait_in_join, queue, says);
    (void)take(says);
    until_asleep(joiner.pid(), joiner.pid());
    queue.shutdown(true);
    EXPECT_TRUE(ends_well(joiner));
}

void hold_one(const JoinableQueue<int>& queue, const Queue<int>& says) {
    const auto lease = queue.get();
    says.put(*lease);
    wait_to_be_killed();
}

TEST_P(JoinableQueueShutdownStarted, immediately_also_drops_what_a_killed_holder_had) {
    const JoinableQueue<int> queue;
    const Queue<int> says;
    queue.put(1);
    Process holder(method(), hold_one, queue, says);
    (void)take(says);
    holder.kill();
    holder.join();
    queue.shutdown(true);
    EXPECT_TRUE(queue.join());
}

TEST_P(JoinableQueueShutdownStarted, immediately_ends_join_when_the_last_holder_dies_in_it) {
    const JoinableQueue<int> queue;
    const Queue<int> says;
    queue.put(1);
    Process holder(method(), hold_one, queue, says);
    (void)take(says);
    queue.shutdown(true);
    OnThread joiner([&] { EXPECT_TRUE(queue.join()); });
    joiner.until_asleep();
    holder.kill();
    joiner.join();
    EXPECT_EQ(queue.unfinished(), 0U);
}

}  // namespace
}  // namespace procession::testing
