// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <ranges>
#include <span>
#include <sstream>

#include "support/queue_helpers.h"

// Queues of arrays: loan() and publish(), borrow(), copies.

namespace procession::testing {
namespace {

template <class Kind>
class QueueArrays : public ForKind<Kind> {
  public:
    using Words = typename Kind::template Queue<std::uint64_t[]>;

    static std::vector<std::uint64_t> words(std::size_t count, std::uint64_t from = 0) {
        std::vector<std::uint64_t> all(count);
        std::iota(all.begin(), all.end(), from);
        return all;
    }
    static void publish(const Words& queue, std::size_t count, std::uint64_t from = 0) {
        auto loan = queue.loan(count);
        std::iota(loan.begin(), loan.end(), from);
        loan.publish();
    }
};
TYPED_TEST_SUITE(QueueArrays, BothKinds, KindName);

template <class U>
const View<U>& in(const View<U>& view) {
    return view;
}
template <class U>
const View<U>& in(Lease<View<U>>& lease) {
    return *lease;
}
template <class U>
std::vector<U> copy(std::vector<U> array) {
    return array;
}
template <class U>
std::vector<U> copy(Lease<std::vector<U>> lease) {
    lease.done();
    return std::move(*lease);
}
template <class Item>
bool shows(Item&& item, const std::vector<std::uint64_t>& expected) {
    return std::ranges::equal(in(item), expected);
}
template <class U>
void end(const View<U>& /*view*/) {}
template <class U>
void end(Lease<View<U>>& lease) {
    lease.done();
}

TYPED_TEST(QueueArrays, what_is_published_is_what_is_borrowed) {
    const typename TestFixture::Words queue;
    for (const std::size_t count : {0U, 1U, 100U, 512U, 513U, 10'000U, 1'000'000U}) {
        SCOPED_TRACE(count);
        TestFixture::publish(queue, count, 7);
        auto item = queue.borrow();
        EXPECT_TRUE(shows(item, TestFixture::words(count, 7)));
        end(item);
    }
    EXPECT_EQ(queue.qsize(), 0U);
}

TYPED_TEST(QueueArrays, put_and_get_copy) {
    const typename TestFixture::Words queue;
    for (const std::size_t count : {0U, 3U, 512U, 513U, 100'000U}) {
        SCOPED_TRACE(count);
        queue.put(TestFixture::words(count));
        EXPECT_EQ(copy(queue.get()), TestFixture::words(count));
    }
}

TYPED_TEST(QueueArrays, a_large_array_is_not_copied_between_loan_and_view) {
    const typename TestFixture::Words queue;
    auto loan = queue.loan(100'000);
    const std::uint64_t* made_at = loan.data();
    loan[0] = 1;
    loan.publish();
    auto item = queue.borrow();
    EXPECT_EQ(in(item).data(), made_at);
    end(item);
}

TYPED_TEST(QueueArrays, loans_are_published_in_any_order_and_that_order_is_the_queues) {
    const typename TestFixture::Words queue;
    auto first = queue.loan(1000);
    auto second = queue.loan(1000);
    first[0] = 1;
    second[0] = 2;
    queue.put(std::vector<std::uint64_t>{0});
    second.publish();
    first.publish();
    for (const std::uint64_t expected : {0U, 2U, 1U}) {
        auto item = queue.borrow();
        EXPECT_EQ(in(item)[0], expected);
        end(item);
    }
}

TYPED_TEST(QueueArrays, views_end_in_any_order) {
    const typename TestFixture::Words queue;
    for (std::uint64_t i = 0; i < 3; ++i) TestFixture::publish(queue, 5000, i);
    auto one = std::make_optional(queue.borrow());
    auto two = std::make_optional(queue.borrow());
    auto three = std::make_optional(queue.borrow());
    end(*two);
    two.reset();
    TestFixture::publish(queue, 5000, 9);  // where the second one was
    EXPECT_TRUE(shows(*one, TestFixture::words(5000, 0)));
    EXPECT_TRUE(shows(*three, TestFixture::words(5000, 2)));
    end(*three);
    end(*one);
}

TYPED_TEST(QueueArrays, a_loan_that_is_dropped_never_was_an_item) {
    QueueOptions options;
    options.memory_limit = 4 << 20;
    const typename TestFixture::Words queue(options);
    for (int i = 0; i < 100; ++i) static_cast<void>(queue.loan(100'000));
    EXPECT_EQ(queue.qsize(), 0U);
    TestFixture::publish(queue, 400'000);
    auto item = queue.borrow();
    EXPECT_TRUE(shows(item, TestFixture::words(400'000)));
    end(item);
}

TYPED_TEST(QueueArrays, a_loan_can_be_published_shorter) {
    const typename TestFixture::Words queue;
    auto loan = queue.loan(1000);
    std::iota(loan.begin(), loan.end(), 0);
    EXPECT_THROW(loan.shrink(1001), ValueError);
    loan.shrink(10);
    loan.publish();
    EXPECT_EQ(copy(queue.get()), TestFixture::words(10));
}

TYPED_TEST(QueueArrays, publishing_twice_is_a_ValueError) {
    const typename TestFixture::Words queue;
    auto loan = queue.loan(1000);
    loan.publish();
    EXPECT_THROW(loan.publish(), ValueError);
    EXPECT_EQ(queue.qsize(), 1U);
}

TYPED_TEST(QueueArrays, a_refused_publish_leaves_the_loan_as_it_was) {
    const typename TestFixture::Words queue(1);
    queue.put(TestFixture::words(1));
    auto loan = queue.loan(1000);
    std::iota(loan.begin(), loan.end(), 0);
    EXPECT_THROW(loan.publish(10ms), Full);
    EXPECT_EQ(loan.try_publish().error(), PutError::timed_out);
    static_cast<void>(copy(queue.get()));
    loan.publish();
    EXPECT_EQ(copy(queue.get()), TestFixture::words(1000));
    auto late = queue.loan(1000);
    queue.shutdown();
    EXPECT_THROW(late.publish(), ShutDown);
    EXPECT_EQ(late.size(), 1000U);
}

TYPED_TEST(QueueArrays, a_loan_that_can_never_fit_is_refused) {
    QueueOptions options;
    options.max_bytes = 1000;
    const typename TestFixture::Words queue(options);
    EXPECT_THROW(static_cast<void>(queue.loan(126)), ValueError);
    EXPECT_THROW(static_cast<void>(queue.loan(SIZE_MAX)), ValueError);
    TestFixture::publish(queue, 125);
    QueueOptions small;
    small.memory_limit = 1 << 20;
    const typename TestFixture::Words little(small);
    EXPECT_THROW(static_cast<void>(little.loan(200'000)), MemoryError);
}

TYPED_TEST(QueueArrays, a_queue_with_loans_or_views_is_not_closed) {
    const typename TestFixture::Words queue;
    {
        const auto loan = queue.loan(1000);
        EXPECT_THROW(queue.close(), ValueError);
    }
    TestFixture::publish(queue, 1000);
    {
        auto item = queue.borrow();
        EXPECT_THROW(queue.close(), ValueError);
        end(item);
    }
    queue.close();
    EXPECT_THROW(static_cast<void>(queue.loan(1)), ClosedError);
}

TYPED_TEST(QueueArrays, a_view_outlives_the_last_handle) {
    auto queue = std::make_optional<typename TestFixture::Words>();
    TestFixture::publish(*queue, 1000);
    auto item = queue->borrow();
    queue.reset();
    EXPECT_TRUE(shows(item, TestFixture::words(1000)));
    end(item);
}

TYPED_TEST(QueueArrays, bytes_that_are_no_array_are_dead_letters) {
    const typename TestFixture::Words queue;
    const std::vector<std::byte> odd(5001);
    ASSERT_TRUE(queue.bytes().try_put({Format::raw, odd}, Deadline::never()).has_value());
    ASSERT_TRUE(queue.bytes().try_put({Format::msgpack, odd}, Deadline::never()).has_value());
    for (int i = 0; i < 2; ++i) EXPECT_THROW(static_cast<void>(queue.borrow()), DecodeError);
    const auto letters = queue.take_dead_letters();
    ASSERT_EQ(letters.size(), 2U);
    EXPECT_EQ(letters[0].bytes.size(), odd.size());
    EXPECT_EQ(queue.qsize(), 0U);
}

TYPED_TEST(QueueArrays, range_for_shows_each_where_it_lies) {
    const typename TestFixture::Words queue;
    for (std::uint64_t i = 0; i < 20; ++i) TestFixture::publish(queue, i * 100, i);
    queue.shutdown();
    std::uint64_t seen = 0;
    for (auto item : queue) {
        EXPECT_TRUE(shows(item, TestFixture::words(seen * 100, seen)));
        end(item);
        ++seen;
    }
    EXPECT_EQ(seen, 20U);
}

TYPED_TEST(QueueArrays, put_many_and_get_many_keep_the_order) {
    const typename TestFixture::Words queue;
    std::vector<std::vector<std::uint64_t>> arrays;
    for (const std::size_t count : {0U, 3U, 600U, 2U}) arrays.push_back(TestFixture::words(count));
    EXPECT_EQ(queue.put_many(arrays), 4U);
    const auto longer = [](const std::vector<std::uint64_t>& array) {
        auto more = array;
        more.push_back(99);
        return more;
    };
    EXPECT_EQ(queue.put_many(arrays | std::views::transform(longer)), 4U) << "temporaries";
    const std::span<const std::uint64_t> parts[] = {std::span(arrays[2]).first(5)};
    EXPECT_EQ(queue.put_many(parts), 1U);

    std::vector<std::vector<std::uint64_t>> found;
    while (found.size() < 9) {
        for (auto& item : queue.get_many(100)) found.push_back(copy(std::move(item)));
    }
    ASSERT_EQ(found.size(), 9U);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(found[i], arrays[i]);
        EXPECT_EQ(found[i + 4], longer(arrays[i]));
    }
    EXPECT_EQ(found[8], TestFixture::words(5));
    EXPECT_TRUE(queue.get_many(5, Deadline::now()).empty());
}

TYPED_TEST(QueueArrays, put_many_keeps_arrays_that_end_with_the_iterator) {
    const typename TestFixture::Words queue;
    const auto pair = [](std::uint64_t number) { return std::array{number, number + 1}; };
    EXPECT_EQ(queue.put_many(std::views::iota(std::uint64_t{0}, std::uint64_t{50}) |
                             std::views::transform(pair)),
              50U);
    // An input range that shows each array at the same address.
    std::vector<std::uint64_t> shown;
    const auto show = [&shown](std::uint64_t number) -> const std::vector<std::uint64_t>& {
        shown.assign(3, number);
        return shown;
    };
    std::istringstream numbers("7 8 9");
    EXPECT_EQ(queue.put_many(std::ranges::istream_view<std::uint64_t>(numbers) |
                             std::views::transform(show)),
              3U);
    for (std::uint64_t i = 0; i < 50; ++i) EXPECT_EQ(copy(queue.get()), TestFixture::words(2, i));
    for (std::uint64_t i = 7; i < 10; ++i) {
        EXPECT_EQ(copy(queue.get()), (std::vector<std::uint64_t>{i, i, i}));
    }
}

TYPED_TEST(QueueArrays, verbs_that_do_not_wait_say_that_there_is_none) {
    const typename TestFixture::Words queue;
    EXPECT_THROW(static_cast<void>(queue.get_nowait()), Empty);
    EXPECT_TRUE(queue.try_get() == GetError::timed_out);
    queue.put(TestFixture::words(4));
    queue.put(TestFixture::words(5));
    EXPECT_EQ(copy(queue.get_nowait()), TestFixture::words(4));
    auto got = queue.try_get();
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(copy(std::move(*got)), TestFixture::words(5));
}

TYPED_TEST(QueueArrays, the_memory_file_leads_to_the_same_queue) {
    const typename TestFixture::Words queue;
    const auto same =
        TestFixture::Words::attach(Handle::duplicate_of(queue.bytes().native_handle()));
    EXPECT_EQ(same, queue);
    same.put(TestFixture::words(3));
    EXPECT_EQ(copy(queue.get()), TestFixture::words(3));
}

TEST(QueueArraysTypes, have_signatures_of_their_own) {
    EXPECT_EQ(type_signature<float[]>(), type_signature<float>() + "[]");
    EXPECT_NE(type_stamp<std::byte[]>().hash, type_stamp<std::byte>().hash);
    EXPECT_EQ(type_stamp<std::byte[]>().format, Format::raw);
}

TEST(QueueArraysLeases, what_is_given_back_lies_there_unchanged) {
    const JoinableQueue<std::uint64_t[]> queue;
    queue.put(std::vector<std::uint64_t>(5000, 3));
    {
        auto lease = queue.borrow();
        lease.give_back();
    }
    auto again = queue.borrow();
    EXPECT_EQ(again.deliveries(), 2U);
    EXPECT_EQ((*again)[4999], 3U);
    again.done();
    EXPECT_TRUE(queue.join(Deadline::now()));
}

template <class Kind>
class QueueArraysStarted : public ForKind<Kind> {
  public:
    using Words = typename Kind::template Queue<std::uint64_t[]>;
};
TYPED_TEST_SUITE(QueueArraysStarted, BothKindsStarted, KindName);

template <class Words>
void add_one_to_each(const Words& from, const Words& to) {
    for (auto item : from) {
        auto sums = to.loan(in(item).size());
        std::ranges::transform(in(item), sums.begin(), [](std::uint64_t word) { return word + 1; });
        sums.publish();
        end(item);
    }
}

TYPED_TEST(QueueArraysStarted, arrays_go_to_a_child_and_come_back) {
    const typename TestFixture::Words there(4);
    const typename TestFixture::Words back(4);
    Process child(TypeParam::method, add_one_to_each<typename TestFixture::Words>, there, back);
    for (std::uint64_t i = 0; i < 50; ++i) {
        auto loan = there.loan(i * 97);
        std::ranges::fill(loan, i);
        loan.publish();
        EXPECT_EQ(copy(back.get()), std::vector<std::uint64_t>(i * 97, i + 1));
    }
    there.shutdown();
    EXPECT_TRUE(ends_well(child));
}

TEST(QueueArraysForked, a_loan_is_not_the_childs) {
    PROCESSION_NEEDS_FORK();
    const Queue<std::uint64_t[]> queue;
    auto loan = queue.loan(5000);
    Process child(fork, [&] {
        try {
            loan.publish();
        } catch (const ValueError&) {
            static_cast<void>(queue.loan(10));
            return;
        }
        must(false);
    });
    EXPECT_TRUE(ends_well(child));
    loan[4999] = 5;
    loan.publish();
    EXPECT_EQ(queue.get()[4999], 5U);
}

}  // namespace
}  // namespace procession::testing
