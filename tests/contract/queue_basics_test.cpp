// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "support/queue_helpers.h"

// The verbs of one process on one queue, as facts/cpython_multiprocessing.md 2 lists them.

namespace procession::testing {
namespace {

using Clock = std::chrono::steady_clock;

template <class Kind>
class QueueContract : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueContract, BothKinds, KindName);

TYPED_TEST(QueueContract, items_come_out_in_the_order_they_went_in) {
    const typename TestFixture::Ints queue;
    for (int i = 0; i < 1000; ++i) queue.put(i);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(take(queue), i);
}

TYPED_TEST(QueueContract, get_nowait_right_after_put_finds_the_item_ten_thousand_times) {
    const typename TestFixture::Ints queue;
    for (int i = 0; i < 10'000; ++i) {
        queue.put(i);
        ASSERT_EQ(value_of(queue.get_nowait()), i);
    }
}

TYPED_TEST(QueueContract, get_nowait_of_an_empty_queue_throws_empty) {
    const typename TestFixture::Ints queue;
    EXPECT_THROW((void)queue.get_nowait(), Empty);
}

TYPED_TEST(QueueContract, put_nowait_on_a_full_queue_throws_full) {
    const typename TestFixture::Ints queue(2);
    queue.put_nowait(1);
    queue.put_nowait(2);
    EXPECT_THROW(queue.put_nowait(3), Full);
    EXPECT_EQ(take_all(queue), (std::vector{1, 2}));
}

TYPED_TEST(QueueContract, the_errors_name_the_operation_and_the_queue) {
    QueueOptions options;
    options.maxsize = 1;
    options.name = "jobs";
    const typename TestFixture::Ints queue(options);
    const auto empty = message_of<Empty>([&] { (void)queue.get_nowait(); });
    queue.put(1);
    const auto full = message_of<Full>([&] { queue.put(2, 1ms); });
    EXPECT_TRUE(contains(empty, std::string(TypeParam::name) + " 'jobs'"));
    EXPECT_TRUE(contains(empty, "get_nowait"));
    EXPECT_TRUE(contains(full, std::string(TypeParam::name) + " 'jobs'"));
}

TYPED_TEST(QueueContract, try_get_and_try_put_report_what_the_others_throw) {
    const typename TestFixture::Ints queue(1);
    EXPECT_EQ(queue.try_get().error(), GetError::timed_out);
    EXPECT_TRUE(queue.try_put(7).has_value());
    EXPECT_EQ(queue.try_put(8).error(), PutError::timed_out);
    EXPECT_EQ(queue.try_put(8, 1ms).error(), PutError::timed_out);
    auto got = queue.try_get();
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(value_of(std::move(got).value()), 7);
}

TYPED_TEST(QueueContract, get_waits_until_its_deadline_and_no_shorter) {
    const typename TestFixture::Ints queue;
    const auto start = Clock::now();
    EXPECT_THROW((void)queue.get(60ms), Empty);
    EXPECT_GE(Clock::now() - start, 60ms);
    EXPECT_EQ(queue.try_get(60ms).error(), GetError::timed_out);
    EXPECT_GE(Clock::now() - start, 120ms);
    EXPECT_TRUE(queue.get_many(5, 60ms).empty());
    EXPECT_GE(Clock::now() - start, 180ms);
}

TYPED_TEST(QueueContract, put_waits_until_its_deadline_and_no_shorter) {
    const typename TestFixture::Ints queue(1);
    queue.put(1);
    const auto start = Clock::now();
    EXPECT_THROW(queue.put(2, 60ms), Full);
    EXPECT_GE(Clock::now() - start, 60ms);
    EXPECT_EQ(queue.try_put(2, 60ms).error(), PutError::timed_out);
    EXPECT_GE(Clock::now() - start, 120ms);
    EXPECT_EQ(queue.qsize(), 1U);
}

TYPED_TEST(QueueContract, a_deadline_may_be_a_point_in_time) {
    const typename TestFixture::Ints queue;
    const auto when = Clock::now() + 30ms;
    EXPECT_THROW((void)queue.get(Deadline::at(when)), Empty);
    EXPECT_GE(Clock::now(), when);
}

TYPED_TEST(QueueContract, zero_and_negative_and_past_deadlines_try_once) {
    const typename TestFixture::Ints queue(1);
    for (const Deadline past : {Deadline(0ms), Deadline(-5s), Deadline::now(),
                                Deadline::at(Clock::now() - 1h), Deadline::at({})}) {
        EXPECT_THROW((void)queue.get(past), Empty);
        queue.put(4, past);
        EXPECT_THROW(queue.put(5, past), Full);
        EXPECT_EQ(take(queue, past), 4);
    }
}

TYPED_TEST(QueueContract, a_duration_too_long_for_the_clock_waits_for_ever) {
    const typename TestFixture::Ints queue;
    const auto longest = std::chrono::hours(std::numeric_limits<long>::max() / 4);
    EXPECT_TRUE(Deadline(longest).is_never());
    OnThread putter([&] { queue.put(3); });
    EXPECT_EQ(take(queue, longest), 3);
}

TYPED_TEST(QueueContract, a_waiting_get_is_woken_by_a_put) {
    const typename TestFixture::Ints queue;
    OnThread getter([&] { EXPECT_EQ(take(queue), 5); });
    getter.until_asleep();
    queue.put(5);
}

TYPED_TEST(QueueContract, a_waiting_put_is_woken_by_a_get) {
    const typename TestFixture::Ints queue(1);
    queue.put(1);
    OnThread putter([&] { queue.put(2); });
    putter.until_asleep();
    EXPECT_EQ(take(queue), 1);
    EXPECT_EQ(take(queue), 2);
}

TYPED_TEST(QueueContract, qsize_empty_and_full_are_exact_after_each_step) {
    const typename TestFixture::Ints queue(3);
    std::size_t expected = 0;
    const auto is_exact = [&] {
        return queue.qsize() == expected && queue.empty() == (expected == 0) &&
               queue.full() == (expected == 3) && queue.stats().queued == expected;
    };
    EXPECT_TRUE(is_exact());
    for (const char step : std::string("pppgpgggppgg")) {
        if (step == 'p') {
            queue.put_nowait(1);
            ++expected;
        } else {
            (void)value_of(queue.get_nowait());
            --expected;
        }
        EXPECT_TRUE(is_exact()) << step << " -> " << expected;
    }
    EXPECT_EQ(expected, 0U);
}

TYPED_TEST(QueueContract, a_refused_put_changes_nothing) {
    const typename TestFixture::Ints queue(1);
    queue.put(1);
    for (int i = 0; i < 10; ++i) EXPECT_THROW(queue.put_nowait(2), Full);
    const QueueStats stats = queue.stats();
    EXPECT_EQ(stats.put, 1U);
    EXPECT_EQ(stats.queued, 1U);
    EXPECT_EQ(stats.queued_bytes, sizeof(int));
}

TYPED_TEST(QueueContract, maxsize_zero_and_negative_are_no_bound) {
    for (const int maxsize : {0, -1, std::numeric_limits<int>::min()}) {
        const typename TestFixture::Ints queue(maxsize);
        EXPECT_EQ(queue.maxsize(), 0U);
        for (int i = 0; i < 5000; ++i) queue.put_nowait(i);
        EXPECT_FALSE(queue.full());
        EXPECT_EQ(queue.qsize(), 5000U);
    }
}

TYPED_TEST(QueueContract, maxsize_is_what_was_asked_for) {
    EXPECT_EQ(typename TestFixture::Ints().maxsize(), 0U);
    EXPECT_EQ(typename TestFixture::Ints(7).maxsize(), 7U);
    EXPECT_EQ(typename TestFixture::Ints(std::size_t{1} << 40).maxsize(), std::size_t{1} << 40);
    QueueOptions options;
    options.maxsize = 9;
    EXPECT_EQ(typename TestFixture::Ints(options).maxsize(), 9U);
}

TYPED_TEST(QueueContract, a_queue_of_maxsize_one_passes_a_thousand_items) {
    const typename TestFixture::Ints queue(1);
    OnThread putter([&] {
        for (int i = 0; i < 1000; ++i) queue.put(i);
    });
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(take(queue), i);
}

TYPED_TEST(QueueContract, a_copy_is_another_handle_to_the_same_queue) {
    const typename TestFixture::Ints queue(4);
    const auto copy = queue;
    const typename TestFixture::Ints other(4);
    copy.put(1);
    EXPECT_EQ(take(queue), 1);
    EXPECT_EQ(queue, copy);
    EXPECT_NE(queue, other);
}

TYPED_TEST(QueueContract, a_name_longer_than_63_bytes_is_refused) {
    QueueOptions options;
    options.name = std::string(62, 'n') + "x";
    const typename TestFixture::Ints queue(options);
    EXPECT_TRUE(contains(queue.bytes().label(), "'" + options.name + "'"));
    options.name += "y";
    const auto refusal =
        message_of<ValueError>([&] { const typename TestFixture::Ints other(options); });
    EXPECT_TRUE(contains(refusal, "the name has 64 bytes; at most 63"));
}

TYPED_TEST(QueueContract, impossible_options_are_refused_by_name) {
    QueueOptions options;
    options.memory_limit = 1000;
    const auto small =
        message_of<ValueError>([&] { const typename TestFixture::Ints queue(options); });
    EXPECT_TRUE(contains(small, "memory_limit is 1000; at least 131072"));
    options = {};
    options.max_deliveries = 0;
    const auto none =
        message_of<ValueError>([&] { const typename TestFixture::Ints queue(options); });
    EXPECT_TRUE(contains(none, "max_deliveries is 0; at least 1"));
}

TYPED_TEST(QueueContract, the_least_memory_limit_makes_a_queue_that_works) {
    QueueOptions options;
    options.memory_limit = 131072;
    const typename TestFixture::Ints queue(options);
    for (int i = 0; i < 20'000; ++i) {
        queue.put(i);
        ASSERT_EQ(take(queue), i);
    }
}

}  // namespace
}  // namespace procession::testing
