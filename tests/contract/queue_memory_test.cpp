// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

#include "support/queue_helpers.h"

// Limits: max_bytes, memory_limit, and what happens when the system gives no more.

namespace procession::testing {
namespace {

constexpr std::size_t MiB = 1 << 20;

QueueOptions with_max_bytes(std::uint64_t bytes) {
    QueueOptions options;
    options.max_bytes = bytes;
    return options;
}
QueueOptions with_memory_limit(std::uint64_t bytes) {
    QueueOptions options;
    options.memory_limit = bytes;
    return options;
}

template <class Kind>
class QueueMemory : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueMemory, BothKinds, KindName);

TYPED_TEST(QueueMemory, max_bytes_refuses_an_item_that_can_never_fit) {
    const typename TestFixture::Texts queue(with_max_bytes(100));
    const auto why = message_of<ValueError>([&] { queue.put(std::string(200, 'x')); });
    EXPECT_TRUE(contains(why, "the item has 202 bytes and can never fit max_bytes = 100"));
    EXPECT_THROW(queue.put_nowait(std::string(99, 'x')), ValueError);
    EXPECT_TRUE(queue.empty());
    queue.put_nowait(std::string(98, 'x'));
}

TYPED_TEST(QueueMemory, max_bytes_makes_put_wait_for_room) {
    const typename TestFixture::Texts queue(with_max_bytes(100));
    queue.put(std::string(60, 'a'));
    EXPECT_THROW(queue.put_nowait(std::string(60, 'b')), Full);
    EXPECT_THROW(queue.put(std::string(60, 'b'), 20ms), Full);
    queue.put_nowait("small");
    OnThread putter([&] { queue.put(std::string(60, 'c')); });
    putter.until_asleep();
    EXPECT_EQ(take(queue), std::string(60, 'a'));
    putter.join();
    EXPECT_EQ(take(queue), "small");
    EXPECT_EQ(take(queue), std::string(60, 'c'));
}

TYPED_TEST(QueueMemory, max_bytes_bounds_large_items_too) {
    const typename TestFixture::Texts queue(with_max_bytes(3 * MiB));
    const std::string text(MiB, 'x');
    queue.put_nowait(text);
    queue.put_nowait(text);
    EXPECT_THROW(queue.put_nowait(text), Full);
    EXPECT_EQ(queue.stats().queued_bytes, 2 * (MiB + 5));
    EXPECT_EQ(take(queue), text);
    queue.put_nowait(text);
}

TYPED_TEST(QueueMemory, max_bytes_lets_items_without_bytes_pass) {
    const typename TestFixture::Ints queue(with_max_bytes(4));
    queue.put(1);
    EXPECT_TRUE(queue.bytes().try_put({Format::raw, {}}, Deadline::now()).has_value());
    EXPECT_THROW(queue.put_nowait(2), Full);
}

TYPED_TEST(QueueMemory, one_get_wakes_several_small_puts_that_fit_in_its_place) {
    const typename TestFixture::Texts queue(with_max_bytes(100));
    queue.put(std::string(98, 'a'));
    const auto put = [&] { queue.put(std::string(20, 'b')); };
    OnThread putters[] = {OnThread(put), OnThread(put), OnThread(put), OnThread(put)};
    for (OnThread& each : putters) each.until_asleep();
    (void)take(queue);
    for (OnThread& each : putters) each.join();
    EXPECT_EQ(queue.qsize(), 4U);
}

/// Fills the queue, checks the refusal, drains it, and fills it once more: as much as before.
template <class Queue>
void expect_limit_holds(const Queue& queue, const std::string& text) {
    std::size_t first_time = 0;
    for (int round = 0; round < 3; ++round) {
        std::size_t put = 0;
        std::string why;
        while (put < 1'000'000 && why.empty()) {
            why = message_of<MemoryError>([&] { queue.put(text); });
            if (why.empty()) ++put;
        }
        EXPECT_TRUE(contains(why, "of the queue's memory_limit of 4194304 bytes are in use"));
        EXPECT_EQ(queue.qsize(), put) << "nothing was enqueued by the put that threw";
        EXPECT_EQ(queue.stats().queued_bytes % put, 0U);
        EXPECT_EQ(queue.stats().put - queue.stats().taken, put);
        EXPECT_THROW(queue.put_nowait(text), MemoryError);
        EXPECT_THROW((void)queue.try_put(text), MemoryError);
        for (std::size_t i = 0; i < put; ++i) ASSERT_EQ(take(queue), text);
        expect_joined(queue);
        EXPECT_GT(put * text.size(), 3 * MiB) << "most of the memory is for items";
        if (round == 0) first_time = put;
        const std::size_t one_chunk = 65'536 / text.size() + 1;
        EXPECT_GE(put + one_chunk, first_time) << "nothing leaks; the first round began a chunk";
    }
}

TYPED_TEST(QueueMemory, beyond_the_memory_limit_small_items_throw_memory_error) {
    const typename TestFixture::Texts queue(with_memory_limit(4 * MiB));
    expect_limit_holds(queue, std::string(1000, 'x'));
}

TYPED_TEST(QueueMemory, beyond_the_memory_limit_large_items_throw_memory_error) {
    const typename TestFixture::Texts queue(with_memory_limit(4 * MiB));
    expect_limit_holds(queue, std::string(100'000, 'x'));
}

TYPED_TEST(QueueMemory, an_item_greater_than_the_memory_limit_throws_memory_error) {
    const typename TestFixture::Texts queue(with_memory_limit(4 * MiB));
    const auto why = message_of<MemoryError>([&] { queue.put(std::string(5 * MiB, 'x')); });
    EXPECT_TRUE(contains(why, "no memory for 5242885 bytes more"));
    EXPECT_TRUE(contains(why, "memory_limit of 4194304"));
    queue.put("small");
    EXPECT_EQ(take(queue), "small");
}

TYPED_TEST(QueueMemory, after_many_small_items_their_memory_serves_a_large_one) {
    const typename TestFixture::Texts queue(with_memory_limit(4 * MiB));
    for (const std::size_t small : {1000U, 5000U, 70'000U}) {
        while (message_of<MemoryError>([&] { queue.put(std::string(small, 'x')); }).empty()) {}
        while (!queue.empty()) (void)take(queue);
        queue.put(std::string(3 * MiB, 'y'));
        EXPECT_EQ(take(queue).size(), 3 * MiB);
    }
}

TYPED_TEST(QueueMemory, a_queue_takes_only_what_it_needs) {
    QueueOptions options;
    options.memory_limit = std::uint64_t{1} << 40;
    const typename TestFixture::Ints queue(sanitized ? QueueOptions{} : options);
    queue.put(1);
    EXPECT_LE(queue.stats().memory_reserved_bytes, MiB);
    EXPECT_EQ(take(queue), 1);
}

// ---- what has been taken does not keep its memory ----------------------------------------------

constexpr std::uint64_t kKeptMost = 24 * MiB;  // 16 and a hole's worth, whatever the items' size

TYPED_TEST(QueueMemory, a_drained_queue_gives_the_memory_of_its_peak_back) {
    for (const std::size_t bytes : {100U, 5000U, 70'000U, 1'000'000U, 10'000'000U}) {
        const typename TestFixture::Texts queue;
        const std::string text(bytes, 'x');
        const std::uint64_t much = 100 * MiB;
        for (std::uint64_t put = 0; put < much; put += bytes) queue.put(text);
        EXPECT_GE(queue.stats().memory_reserved_bytes, much);
        while (!queue.empty()) (void)take(queue);
        EXPECT_LE(queue.stats().memory_reserved_bytes, kKeptMost) << "of items of " << bytes;
    }
}

TYPED_TEST(QueueMemory, memory_that_was_given_back_comes_again_whole) {
    const typename TestFixture::Texts queue;
    for (int tide = 0; tide < 3; ++tide) {
        int put = 0;
        for (; put < 60; ++put) queue.put(std::string(MiB, static_cast<char>('a' + put % 26)));
        for (int taken = 0; taken < put; ++taken)
            ASSERT_EQ(take(queue), std::string(MiB, static_cast<char>('a' + taken % 26)));
        EXPECT_LE(queue.stats().memory_reserved_bytes, kKeptMost);
    }
}

TYPED_TEST(QueueMemory, a_queue_that_is_used_all_the_time_keeps_as_much_as_it_uses) {
    const typename TestFixture::Texts queue;
    const std::string text(MiB, 'x');
    for (int i = 0; i < 50; ++i) queue.put(text);
    const std::uint64_t peak = queue.stats().memory_reserved_bytes;
    for (int i = 0; i < 10; ++i) (void)take(queue);
    EXPECT_EQ(queue.stats().memory_reserved_bytes, peak) << "more is in use than free";
}

void limit(int resource, rlim_t value) {
    rlimit limits{};
    must(::getrlimit(static_cast<__rlimit_resource>(resource), &limits) == 0);
    limits.rlim_cur = value;
    must(::setrlimit(static_cast<__rlimit_resource>(resource), &limits) == 0);
}

std::uint64_t open_descriptors() {
    std::uint64_t highest = 0;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd"))
        highest = std::max<std::uint64_t>(highest, std::stoull(each.path().filename().string()));
    return highest;
}

template <class Kind>
class QueueLimitedBySystem : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueLimitedBySystem, BothKindsStarted, KindName);

template <class Queue>
void make_within_address_space() {
    limit(RLIMIT_AS, 1 << 30);
    const auto why = message_of<Error>([] { const Queue queue(with_memory_limit(4096 * MiB)); });
    must(contains(why, "bytes of address space; lower memory_limit"));
    const Queue small(with_memory_limit(4 * MiB));
    small.put(std::string(MiB, 'x'));
    must(take(small).size() == MiB);
}

template <class Queue>
void make_a_thousand_within_address_space() {
    limit(RLIMIT_AS, rlim_t{4} << 30);
    std::vector<Queue> queues(1000);
    for (const Queue& queue : queues) queue.put(std::string(100'000, 'x'));
    for (const Queue& queue : queues) must(take(queue).size() == 100'000);
}

TYPED_TEST(QueueLimitedBySystem, a_thousand_queues_fit_into_a_limited_address_space) {
    if (sanitized) GTEST_SKIP() << "a sanitizer needs all of the address space";
    EXPECT_TRUE(ends_well(Process(
        TypeParam::method, make_a_thousand_within_address_space<typename TestFixture::Texts>)));
}

TYPED_TEST(QueueLimitedBySystem, too_little_address_space_is_an_error_that_says_what_to_do) {
    if (sanitized) GTEST_SKIP() << "a sanitizer needs all of the address space";
    EXPECT_TRUE(ends_well(
        Process(TypeParam::method, make_within_address_space<typename TestFixture::Texts>)));
}

template <class Queue>
void put_within_file_size(const Queue& queue) {
    queue.put("before");
    const auto reserved = queue.stats().memory_reserved_bytes;
    limit(RLIMIT_FSIZE, 32 * MiB);
    std::string why;
    while (why.empty()) why = message_of<MemoryError>([&] { queue.put(std::string(MiB, 'x')); });
    must(queue.stats().memory_reserved_bytes > reserved);
    while (!queue.empty()) (void)take(queue);
    queue.put("after");
    must(take(queue) == "after");
    must(!message_of<MemoryError>([] { const Queue no(with_memory_limit(1ULL << 35)); }).empty());
}

TYPED_TEST(QueueLimitedBySystem, the_file_size_limit_is_a_memory_error_and_no_signal) {
    const typename TestFixture::Texts queue;
    EXPECT_TRUE(ends_well(
        Process(TypeParam::method, put_within_file_size<typename TestFixture::Texts>, queue)));
    queue.put("of the parent");
    EXPECT_EQ(take(queue), "of the parent");
}

template <class Queue>
void use_without_descriptors(const Queue& inherited) {
    rlimit before{};
    must(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const std::uint64_t highest = open_descriptors();
    std::vector<int> filling;
    limit(RLIMIT_NOFILE, highest + 1);
    for (int each = ::dup(2); each >= 0; each = ::dup(2)) filling.push_back(each);
    must(!message_of<OSError>([] { const Queue queue; }).empty());
    must(!message_of<OSError>([&] { inherited.put("no descriptor for its liveness"); }).empty());
    for (const int each : filling) ::close(each);
    limit(RLIMIT_NOFILE, before.rlim_cur);
    inherited.put("now there is one");
    const Queue queue;
    queue.put("and here");
    must(take(queue) == "and here");
}

TYPED_TEST(QueueLimitedBySystem, having_no_descriptor_left_is_an_os_error_that_passes) {
    if (sanitized) GTEST_SKIP() << "UBSan needs descriptors to look at memory";
    const typename TestFixture::Texts queue;
    ASSERT_TRUE(ends_well(
        Process(TypeParam::method, use_without_descriptors<typename TestFixture::Texts>, queue)));
    EXPECT_EQ(take(queue), "now there is one");
    EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace procession::testing
