// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "support/queue_helpers.h"

// close(): this process lets go of a queue; no other process notices.

namespace procession::testing {
namespace {

template <class Kind>
class QueueClose : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueClose, BothKinds, KindName);

TYPED_TEST(QueueClose, makes_every_verb_throw_closed_error) {
    const typename TestFixture::Ints queue(4);
    queue.put(1);
    queue.close();
    EXPECT_TRUE(queue.is_closed());
    const std::function<void()> verbs[] = {
        [&] { queue.put(1); },
        [&] { queue.put_nowait(1); },
        [&] { (void)queue.try_put(1); },
        [&] { queue.put_many(std::vector{1, 2}); },
        [&] { (void)queue.get(); },
        [&] { (void)queue.get_nowait(); },
        [&] { (void)queue.try_get(); },
        [&] { (void)queue.get_many(3); },
        [&] { (void)*queue.begin(); },
        [&] { (void)queue.qsize(); },
        [&] { (void)queue.empty(); },
        [&] { (void)queue.full(); },
        [&] { (void)queue.stats(); },
        [&] { queue.shutdown(); },
        [&] { (void)queue.dead_letters(); },
        [&] { (void)queue.take_dead_letters(); },
    };
    for (const auto& verb : verbs) {
        EXPECT_THROW(verb(), ClosedError) << "verb number " << &verb - verbs;
        EXPECT_TRUE(contains(message_of<ValueError>(verb), "is closed"));
    }
}

TYPED_TEST(QueueClose, full_throws_closed_error_also_without_a_bound) {
    const typename TestFixture::Ints queue;
    queue.close();
    EXPECT_THROW((void)queue.full(), ClosedError);
}

TYPED_TEST(QueueClose, of_a_queue_that_was_never_used_is_the_same) {
    const typename TestFixture::Ints queue;
    queue.close();
    EXPECT_THROW((void)queue.empty(), ClosedError);
}

TYPED_TEST(QueueClose, twice_is_no_error) {
    const typename TestFixture::Ints queue;
    queue.close();
    EXPECT_NO_THROW(queue.close());
}

TYPED_TEST(QueueClose, closes_all_handles_of_this_process_to_this_queue_only) {
    const typename TestFixture::Ints queue;
    const typename TestFixture::Ints other;
    const auto copy = queue;
    queue.close();
    EXPECT_TRUE(copy.is_closed());
    EXPECT_THROW(copy.put(1), ClosedError);
    other.put(2);
    EXPECT_EQ(take(other), 2);
}

TYPED_TEST(QueueClose, wakes_waiting_gets_and_puts_of_this_process_with_closed_error) {
    const typename TestFixture::Ints nothing;
    const typename TestFixture::Ints full(1);
    full.put(1);
    const auto get = [&] { EXPECT_THROW((void)nothing.get(), ClosedError); };
    const auto put = [&] { EXPECT_THROW(full.put(2), ClosedError); };
    OnThread waiters[] = {OnThread(get), OnThread(get), OnThread(put), OnThread(put)};
    for (OnThread& each : waiters) each.until_asleep();
    nothing.close();
    full.close();
}

TEST(JoinableQueueClose, makes_the_verbs_of_leases_and_join_throw_closed_error) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3});
    auto lease = queue.get();
    queue.close();
    EXPECT_THROW(lease.done(), ClosedError);
    EXPECT_THROW(lease.give_back(), ClosedError);
    EXPECT_THROW(lease.reject("no"), ClosedError);
    EXPECT_THROW(queue.task_done(), ClosedError);
    EXPECT_THROW(queue.join(), ClosedError);
    EXPECT_THROW((void)queue.unfinished(), ClosedError);
    EXPECT_EQ(*lease, 1) << "the value is the holder's own";
}

TEST(JoinableQueueClose, an_exception_that_meets_a_lease_of_a_closed_queue_passes_on) {
    const JoinableQueue<int> queue;
    queue.put(1);
    const auto fail = [&] {
        const auto lease = queue.get();
        queue.close();
        throw std::runtime_error("the task's own");
    };
    EXPECT_EQ(message_of<std::runtime_error>(fail), "the task's own");
}

TEST(JoinableQueueClose, wakes_a_waiting_join_with_closed_error) {
    const JoinableQueue<int> queue;
    queue.put(1);
    OnThread joiner([&] { EXPECT_THROW(queue.join(), ClosedError); });
    joiner.until_asleep();
    queue.close();
}

/// The same queue as another participant of it, which this process is after close().
template <class Queue>
Queue another_participant(const Queue& queue) {
    const OnItsWay travelling(queue);
    queue.close();
    return travelling.arrive<Queue>();
}

TYPED_TEST(QueueClose, leaves_a_fresh_handle_usable) {
    const typename TestFixture::Ints queue;
    queue.put(1);
    const auto fresh = another_participant(queue);
    EXPECT_TRUE(queue.is_closed());
    EXPECT_FALSE(fresh.is_closed());
    EXPECT_EQ(take(fresh), 1);
    EXPECT_THROW((void)queue.get(), ClosedError);
}

TYPED_TEST(QueueClose, ends_the_participation_of_this_process) {
    const typename TestFixture::Ints queue;
    queue.put(1);
    EXPECT_EQ(queue.stats().participants, 1U);
    const auto fresh = another_participant(queue);
    EXPECT_EQ(take(fresh), 1);
    EXPECT_EQ(fresh.stats().participants, 1U);
    EXPECT_EQ(fresh.stats().deaths, 0U);
}

TEST(JoinableQueueClose, gives_open_leases_back_in_their_old_order) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3, 4});
    const auto leases = queue.get_many(3);
    const auto fresh = another_participant(queue);
    EXPECT_EQ(fresh.qsize(), 4U);
    for (int i = 1; i <= 4; ++i) {
        auto lease = fresh.get(Deadline::now());
        EXPECT_EQ(*lease, i);
        EXPECT_EQ(lease.deliveries(), i <= 3 ? 2U : 1U);
        lease.done();
    }
    EXPECT_TRUE(fresh.join(0ms));
}

TEST(JoinableQueueClose, the_last_handle_going_away_gives_open_leases_back) {
    JoinableQueue<int> queue;
    queue.put(1);
    auto fresh = queue;
    {
        const auto lease = queue.get();
        fresh = another_participant(queue);
        queue = fresh;
    }
    auto again = fresh.get(Deadline::now());
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
}

TEST(JoinableQueueClose, in_the_middle_of_another_threads_get_loses_no_item) {
    for (int round = 0; round < 300; ++round) {
        JoinableQueue<int> queue;
        queue.put_many(std::vector{1, 2, 3, 4, 5, 6, 7, 8});
        std::atomic<bool> going{false};
        OnThread getter([&] {
            going.store(true);
            EXPECT_THROW(
                {
                    while (true) (void)queue.get().detach();
                },
                ClosedError);
        });
        while (!going.load()) std::this_thread::yield();
        auto fresh = another_participant(queue);
        getter.join();
        queue = fresh;
        ASSERT_EQ(fresh.qsize(), 8U) << "given back, in round " << round;
        while (!fresh.empty()) (void)take(fresh);
    }
}

template <class Kind>
class QueueCloseStarted : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueCloseStarted, BothKindsStarted, KindName);

template <class Queue>
void use_and_close(const Queue& queue, const procession::Queue<int>& says,
                   const procession::Queue<int>& told) {
    must(take(queue) == 1);
    queue.close();
    must(!message_of<ClosedError>([&] { (void)queue.get(); }).empty());
    says.put(0);
    (void)take(told);
}

TYPED_TEST(QueueCloseStarted, in_a_child_concerns_no_other_process) {
    using Items = typename TestFixture::Ints;
    const Items queue;
    const procession::Queue<int> says;
    const procession::Queue<int> told;
    queue.put_many(std::vector{1, 2});
    Process child(TypeParam::method, use_and_close<Items>, queue, says, told);
    EXPECT_EQ(take(says), 0);
    EXPECT_EQ(take(queue), 2);
    queue.put(3);
    EXPECT_EQ(take(queue), 3);
    told.put(0);
    EXPECT_TRUE(ends_well(child));
}

TYPED_TEST(QueueCloseStarted, in_a_child_that_is_killed_later_leaves_no_death_to_count) {
    using Items = typename TestFixture::Ints;
    const Items queue;
    const procession::Queue<int> says;
    const procession::Queue<int> told;
    queue.put(1);
    Process child(TypeParam::method, use_and_close<Items>, queue, says, told);
    EXPECT_EQ(take(says), 0);
    EXPECT_EQ(queue.stats().participants, 1U);
    child.kill();
    child.join();
    queue.bytes().notice_deaths();
    EXPECT_EQ(queue.stats().deaths, 0U);
}

template <class Queue>
void take_one_when_told(const Queue& queue, const procession::Queue<int>& says) {
    (void)queue.qsize();
    says.put(0);
    must(take(queue) == 7);
}

TYPED_TEST(QueueCloseStarted, in_the_parent_leaves_the_queue_to_its_children) {
    using Items = typename TestFixture::Ints;
    const Items queue;
    const procession::Queue<int> says;
    Process child(TypeParam::method, take_one_when_told<Items>, queue, says);
    EXPECT_EQ(take(says), 0);
    until_asleep(child.pid(), child.pid());
    queue.put(7);
    queue.close();
    EXPECT_TRUE(ends_well(child));
}

}  // namespace
}  // namespace procession::testing
