// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <ranges>
#include <sstream>

#include "support/queue_helpers.h"

// put_many, get_many and range-for.

namespace procession::testing {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<int> up_to(int end) {
    std::vector<int> numbers(static_cast<std::size_t>(end));
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
}

template <class Item>
std::vector<int> values_of(std::vector<Item> items) {
    std::vector<int> values;
    for (Item& item : items) values.push_back(value_of(std::move(item)));
    return values;
}

template <class Kind>
class QueueMany : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueMany, BothKinds, KindName);

TYPED_TEST(QueueMany, put_many_keeps_the_order) {
    const typename TestFixture::Ints queue;
    EXPECT_EQ(queue.put_many(up_to(50'000)), 50'000U);
    EXPECT_EQ(queue.qsize(), 50'000U);
    for (int i = 0; i < 50'000; ++i) ASSERT_EQ(take(queue), i);
}

TYPED_TEST(QueueMany, put_many_takes_any_range_of_values) {
    const typename TestFixture::Texts queue;
    std::istringstream words("from a stream");
    const std::vector<std::string> kept{"one", std::string(9000, 'x'), "three"};
    EXPECT_EQ(queue.put_many(kept), 3U);
    EXPECT_EQ(queue.put_many(std::ranges::istream_view<std::string>(words)), 3U);
    EXPECT_EQ(queue.put_many(kept | std::views::reverse | std::views::take(1)), 1U);
    const auto shout = [](const std::string& word) { return word + "!"; };
    EXPECT_EQ(queue.put_many(kept | std::views::transform(shout) | std::views::take(1)), 1U);
    EXPECT_EQ(take_all(queue), (std::vector<std::string>{"one", kept[1], "three", "from", "a",
                                                         "stream", "three", "one!"}));
}

TYPED_TEST(QueueMany, put_many_of_nothing_puts_nothing_and_does_not_wait) {
    const typename TestFixture::Ints queue(1);
    queue.put(1);
    EXPECT_EQ(queue.put_many(std::vector<int>{}), 0U);
    EXPECT_EQ(queue.qsize(), 1U);
}

TYPED_TEST(QueueMany, put_many_says_how_many_there_was_room_for_until_the_deadline) {
    const typename TestFixture::Ints queue(3);
    const auto start = Clock::now();
    EXPECT_EQ(queue.put_many(up_to(5), 40ms), 3U);
    EXPECT_GE(Clock::now() - start, 40ms);
    EXPECT_EQ(queue.put_many(up_to(5), Deadline::now()), 0U);
    EXPECT_EQ(take_all(queue), up_to(3));
}

TYPED_TEST(QueueMany, put_many_of_large_and_small_items_keeps_the_order) {
    const typename TestFixture::Texts queue;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 300; ++i) texts.emplace_back(i % 3 == 0 ? 5000 + i : i, 'a');
    EXPECT_EQ(queue.put_many(texts), 300U);
    EXPECT_EQ(take_all(queue), texts);
}

TYPED_TEST(QueueMany, put_many_with_an_item_that_can_never_fit_puts_nothing) {
    QueueOptions options;
    options.max_bytes = 100;
    const typename TestFixture::Texts queue(options);
    const std::vector<std::string> texts{"fits", std::string(200, 'x')};
    EXPECT_THROW(queue.put_many(texts), ValueError);
    EXPECT_TRUE(queue.empty());
}

TYPED_TEST(QueueMany, put_many_beyond_the_memory_limit_says_how_many_were_put) {
    QueueOptions options;
    options.memory_limit = 1 << 20;
    const typename TestFixture::Texts queue(options);
    const std::vector<std::string> texts(3000, std::string(1000, 'x'));
    const std::size_t put = queue.put_many(texts);
    EXPECT_LT(put, texts.size());
    EXPECT_EQ(queue.qsize(), put) << "what is there is what was said";
    EXPECT_THROW(queue.put_many(texts), MemoryError);
    EXPECT_EQ(queue.qsize(), put) << "nothing was put";
}

TYPED_TEST(QueueMany, put_many_larger_than_the_queue_goes_on_as_a_consumer_makes_room) {
    const typename TestFixture::Ints queue(7);
    OnThread putter([&] { EXPECT_EQ(queue.put_many(up_to(1000)), 1000U); });
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(take(queue), i);
}

TYPED_TEST(QueueMany, put_many_ended_by_a_shutdown_says_how_many_were_put) {
    const typename TestFixture::Ints queue(2);
    OnThread putter([&] { EXPECT_EQ(queue.put_many(up_to(5)), 2U); });
    putter.until_asleep();
    queue.shutdown();
    putter.join();
    EXPECT_THROW(queue.put_many(up_to(5)), ShutDown);
    EXPECT_EQ(take_all(queue), up_to(2));
}

TYPED_TEST(QueueMany, get_many_takes_what_is_there_up_to_most) {
    const typename TestFixture::Ints queue;
    queue.put_many(up_to(10));
    EXPECT_EQ(values_of(queue.get_many(4)), up_to(4));
    EXPECT_EQ(values_of(queue.get_many(100)), (std::vector{4, 5, 6, 7, 8, 9}));
    EXPECT_TRUE(queue.get_many(100, Deadline::now()).empty());
}

TYPED_TEST(QueueMany, get_many_takes_bools) {
    const typename TestFixture::template QueueOf<bool> queue;
    for (const bool each : {true, false, true}) queue.put(each);
    auto items = queue.get_many(10);
    ASSERT_EQ(items.size(), 3U);
    if constexpr (requires { items[0].done(); }) {
        for (auto& item : items) item.done();
    }
    expect_joined(queue);
}

TYPED_TEST(QueueMany, get_many_of_none_does_not_wait) {
    const typename TestFixture::Ints queue;
    EXPECT_TRUE(queue.get_many(0).empty());
    queue.put(1);
    EXPECT_TRUE(queue.get_many(0).empty());
    EXPECT_EQ(queue.qsize(), 1U);
}

TYPED_TEST(QueueMany, get_many_waits_for_the_first_item_only) {
    const typename TestFixture::Ints queue;
    OnThread getter([&] { EXPECT_EQ(values_of(queue.get_many(100)), up_to(1)); });
    getter.until_asleep();
    queue.put(0);
}

TYPED_TEST(QueueMany, get_many_takes_a_hundred_thousand_at_once) {
    const typename TestFixture::Ints queue;
    queue.put_many(up_to(100'000));
    auto items = queue.get_many(1'000'000);
    ASSERT_EQ(items.size(), 100'000U);
    EXPECT_TRUE(queue.empty());
    int expected = 0;
    for (auto& item : items) ASSERT_EQ(value_of(std::move(item)), expected++);
}

TYPED_TEST(QueueMany, get_many_takes_large_and_small_items_in_order) {
    const typename TestFixture::Texts queue;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 300; ++i) texts.emplace_back(i % 3 == 0 ? 5000 + i : i, 'a');
    queue.put_many(texts);
    std::vector<std::string> got;
    for (auto& item : queue.get_many(300)) got.push_back(value_of(std::move(item)));
    EXPECT_EQ(got, texts);
    EXPECT_EQ(queue.stats().queued_bytes, 0U);
}

TYPED_TEST(QueueMany, get_many_makes_room_for_all_that_wait_to_put) {
    const typename TestFixture::Ints queue(2);
    queue.put_many(up_to(2));
    OnThread one([&] { queue.put(10); });
    OnThread two([&] { queue.put(10); });
    one.until_asleep();
    two.until_asleep();
    EXPECT_EQ(values_of(queue.get_many(2)), up_to(2));
    one.join();
    two.join();
    EXPECT_EQ(take_all(queue), (std::vector{10, 10}));
}

TYPED_TEST(QueueMany, get_many_of_a_queue_shut_down_takes_the_rest_then_throws) {
    const typename TestFixture::Ints queue;
    queue.put_many(up_to(3));
    queue.shutdown();
    EXPECT_EQ(values_of(queue.get_many(10)), up_to(3));
    EXPECT_THROW((void)queue.get_many(10), ShutDown);
}

TYPED_TEST(QueueMany, range_for_ends_when_the_queue_is_shut_down_and_empty) {
    const typename TestFixture::Ints queue;
    queue.put_many(up_to(100));
    queue.shutdown();
    std::vector<int> got;
    for (auto item : queue) got.push_back(value_of(std::move(item)));
    EXPECT_EQ(got, up_to(100));
    for (auto item : queue) FAIL() << value_of(std::move(item));
}

TYPED_TEST(QueueMany, range_for_waits_for_items_until_the_shutdown) {
    const typename TestFixture::Ints queue;
    std::vector<int> got;
    OnThread getter([&] {
        for (auto item : queue) got.push_back(value_of(std::move(item)));
    });
    for (int i = 0; i < 3; ++i) {
        getter.until_asleep();
        queue.put(i);
    }
    getter.until_asleep();
    queue.shutdown();
    getter.join();
    EXPECT_EQ(got, up_to(3));
}

TYPED_TEST(QueueMany, leaving_a_range_for_early_takes_no_item_more) {
    const typename TestFixture::Ints queue;
    queue.put_many(up_to(10));
    for (auto item : queue) {
        if (value_of(std::move(item)) == 3) break;
    }
    EXPECT_EQ(queue.qsize(), 6U);
    EXPECT_EQ(take(queue), 4);
}

TYPED_TEST(QueueMany, put_many_takes_a_list_in_braces) {
    const typename TestFixture::Ints queue;
    EXPECT_EQ(queue.put_many({1, 2, 3}), 3U);
    EXPECT_EQ(queue.put_many({}), 0U);
    const typename TestFixture::Texts texts;
    EXPECT_EQ(texts.put_many({"a", "b"}), 2U);
    EXPECT_EQ(take_all(texts), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(queue.qsize(), 3U);
}

TYPED_TEST(QueueMany, a_queue_is_an_input_range) {
    const typename TestFixture::Ints queue;
    static_assert(std::ranges::input_range<decltype(queue)>);
    static_assert(!std::ranges::forward_range<decltype(queue)>);
    queue.put_many(up_to(10));
    queue.shutdown();
    const auto value = [](auto&& item) { return value_of(std::forward<decltype(item)>(item)); };
    std::vector<int> values;
    for (const int each : queue | std::views::transform(value)) values.push_back(each);
    EXPECT_EQ(values, up_to(10));
}

TEST(QueueRange, shows_each_item_as_often_as_it_is_looked_at) {
    const Queue<std::string> queue;
    queue.put_many({"one", "two"});
    queue.shutdown();
    auto at = queue.begin();
    EXPECT_EQ(std::string_view(*at), "one");
    EXPECT_EQ(std::string(*at), "one") << "moved out now";
    ++at;
    EXPECT_EQ(*at, "two");
    at++;
    EXPECT_TRUE(at == queue.end());
}

TEST(QueueRange, gives_back_a_lease_that_is_not_moved_out) {
    const JoinableQueue<int> queue;
    queue.put_many({1, 2});
    {
        auto at = queue.begin();
        const Lease<int>& first = *at;
        EXPECT_EQ(*first, 1);
        EXPECT_EQ(queue.qsize(), 1U);
    }
    EXPECT_EQ(queue.qsize(), 2U);
}

template <class Kind>
class QueueManyStarted : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueManyStarted, BothKindsStarted, KindName);

template <class Queue>
void take_in_order(const Queue& queue, int count) {
    for (int i = 0; i < count; ++i) must(take(queue) == i);
}

TYPED_TEST(QueueManyStarted, put_many_larger_than_the_queue_with_a_consumer_elsewhere) {
    const typename TestFixture::Ints queue(16);
    Process child(TypeParam::method, take_in_order<typename TestFixture::Ints>, queue, 20'000);
    EXPECT_EQ(queue.put_many(up_to(20'000)), 20'000U);
    EXPECT_TRUE(ends_well(child));
}

template <class Queue>
void take_until_shutdown(const Queue& queue, const procession::Queue<int>& sums) {
    int sum = 0;
    for (auto item : queue) sum += value_of(std::move(item));
    sums.put(sum);
}

TYPED_TEST(QueueManyStarted, range_for_in_children_ends_at_the_shutdown_of_the_parent) {
    const typename TestFixture::Ints queue(8);
    const procession::Queue<int> sums;
    std::vector<Process> children;
    for (int i = 0; i < 3; ++i) {
        children.emplace_back(TypeParam::method, take_until_shutdown<typename TestFixture::Ints>,
                              queue, sums);
    }
    queue.put_many(up_to(1000));
    queue.shutdown();
    EXPECT_EQ(take(sums) + take(sums) + take(sums), 999 * 1000 / 2);
    for (Process& child : children) EXPECT_TRUE(ends_well(child));
}

}  // namespace
}  // namespace procession::testing
