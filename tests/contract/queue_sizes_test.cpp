// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

#include "os/memory_file.h"
#include "support/queue_helpers.h"

// Messages from 0 bytes to 1 GiB, and a million of them.

namespace procession::testing {

using namespace detail;
namespace {

constexpr std::size_t MiB = 1 << 20;
constexpr std::size_t GiB = 1 << 30;

constexpr std::size_t boundaries[] = {0,      1,      7,      8,      9,       255,  256,    257,
                                      4080,   4088,   4095,   4096,   4097,    8191, 8192,   8193,
                                      65'471, 65'535, 65'536, 65'537, MiB - 1, MiB,  MiB + 1};

std::vector<std::byte> pattern(std::size_t size) {
    std::vector<std::byte> bytes(size);
    std::uint32_t state = static_cast<std::uint32_t>(size) * 2654435761U + 1;
    for (std::byte& each : bytes) {
        state = state * 1664525U + 1013904223U;
        each = static_cast<std::byte>(state >> 24);
    }
    return bytes;
}

/// Bytes of address space that hold zeros and cost nothing to read.
class Zeros {
  public:
    explicit Zeros(std::size_t size) : base_(std::calloc(size, 1)), size_(size) {
        if (base_ == nullptr) throw std::bad_alloc();
    }
    ~Zeros() { std::free(base_); }
    Zeros(const Zeros&) = delete;
    Zeros& operator=(const Zeros&) = delete;
    [[nodiscard]] std::span<const std::byte> bytes() const {
        return {static_cast<const std::byte*>(base_), size_};
    }

  private:
    void* base_;
    std::size_t size_;
};

bool has_memory(std::size_t bytes) { return os::available_memory() >= bytes; }

template <class Kind>
class QueueSizes : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueSizes, BothKinds, KindName);

TYPED_TEST(QueueSizes, exact_bytes_around_every_boundary) {
    const typename TestFixture::Ints queue;
    Message message;
    for (const std::size_t size : boundaries) {
        const auto content = pattern(size);
        ASSERT_TRUE(queue.bytes().try_put({Format::raw, content}, Deadline::now()).has_value());
        ASSERT_TRUE(queue.bytes().try_get(message, Deadline::now()).has_value());
        EXPECT_TRUE(std::ranges::equal(message.bytes(), content)) << size << " bytes";
        if constexpr (requires { queue.task_done(); }) queue.task_done();
    }
}

TYPED_TEST(QueueSizes, strings_of_every_size_around_every_boundary_all_queued_at_once) {
    const typename TestFixture::Texts queue;
    std::vector<std::string> texts;
    for (const std::size_t size : boundaries) {
        const std::size_t from = size < 30 ? 0 : size - 30;
        for (std::size_t each = from; each < size + 10; each += size < 10'000 ? 1 : 7)
            texts.emplace_back(each, static_cast<char>('a' + each % 26));
    }
    for (const std::string& each : texts) queue.put(each);
    for (const std::string& each : texts) ASSERT_EQ(take(queue), each);
    EXPECT_EQ(queue.stats().queued_bytes, 0U);
}

TYPED_TEST(QueueSizes, sixteen_mebibytes) {
    const typename TestFixture::template QueueOf<std::vector<std::byte>> queue;
    const auto content = pattern(16 * MiB);
    for (int i = 0; i < 3; ++i) queue.put(content);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(take(queue), content);
}

TYPED_TEST(QueueSizes, the_memory_of_large_items_is_used_again) {
    const typename TestFixture::template QueueOf<std::vector<std::byte>> queue;
    const std::vector<std::byte> content(MiB);
    for (int i = 0; i < 100; ++i) {
        queue.put(content);
        ASSERT_EQ(take(queue).size(), MiB);
    }
    EXPECT_LE(queue.stats().memory_reserved_bytes, 4 * MiB);
    EXPECT_LE(queue.stats().memory_bytes, MiB / 2);
}

TYPED_TEST(QueueSizes, the_memory_of_small_items_is_used_again) {
    const typename TestFixture::Ints queue(100);
    for (int i = 0; i < 100'000; ++i) {
        queue.put(i);
        (void)take(queue);
    }
    EXPECT_LE(queue.stats().memory_reserved_bytes, MiB);
}

TYPED_TEST(QueueSizes, more_than_a_gibibyte_is_refused) {
    const typename TestFixture::Ints queue;
    const Zeros zeros(GiB + 1);
    const auto put = [&] { (void)queue.bytes().try_put({Format::raw, zeros.bytes()}, 1h); };
    const auto why = message_of<ValueError>(put);
    EXPECT_TRUE(contains(why, "1073741825 bytes; at most 1073741824 (1 GiB)"));
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.stats().memory_bytes, typename TestFixture::Ints().stats().memory_bytes);
}

struct Small {
    std::uint64_t number = 0;
    std::array<char, 56> text{};
};
static_assert(sizeof(Small) == 64);

TYPED_TEST(QueueSizes, a_million_small_items_wait_in_less_than_a_hundred_bytes_each) {
    const typename TestFixture::template QueueOf<Small> queue;
    constexpr std::uint64_t count = sanitized ? 100'000 : 1'000'000;
    for (std::uint64_t i = 0; i < count; ++i) queue.put({i, {"text"}});
    EXPECT_EQ(queue.qsize(), count);
    EXPECT_EQ(queue.stats().queued_bytes, count * sizeof(Small));
    EXPECT_LT(queue.stats().memory_bytes / count, 100U);
    EXPECT_LT(queue.stats().memory_reserved_bytes / count, 130U);
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(take(queue).number, i);
    EXPECT_TRUE(queue.empty());
}

template <class Kind>
class QueueSizesStarted : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueSizesStarted, BothKindsStarted, KindName);

template <class Queue>
void take_numbers(const Queue& queue, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) must(take(queue) == i);
}

TYPED_TEST(QueueSizesStarted, a_million_small_items_pass_a_bounded_queue) {
    using Numbers = typename TestFixture::template QueueOf<std::uint64_t>;
    constexpr std::uint64_t count = sanitized ? 100'000 : 1'000'000;
    const Numbers queue(1000);
    Process consumer(TypeParam::method, take_numbers<Numbers>, queue, count);
    for (std::uint64_t i = 0; i < count; ++i) queue.put(i);
    EXPECT_TRUE(ends_well(consumer));
    EXPECT_TRUE(queue.empty());
}

template <class Queue>
void send_back(const Queue& there, const Queue& back) {
    for (auto item : there) back.put(value_of(std::move(item)));
}

TYPED_TEST(QueueSizesStarted, sizes_around_every_boundary_come_back_from_a_child) {
    using Blobs = typename TestFixture::template QueueOf<std::vector<std::byte>>;
    const Blobs there;
    const Blobs back;
    Process child(TypeParam::method, send_back<Blobs>, there, back);
    for (const std::size_t size : boundaries) there.put(pattern(size));
    for (const std::size_t size : boundaries) EXPECT_EQ(take(back), pattern(size)) << size;
    there.shutdown();
    EXPECT_TRUE(ends_well(child));
}

void check_gibibyte(const Queue<std::string>& queue) {
    const std::string text = queue.get();
    must(text.size() == GiB - 5);
    for (std::size_t i = 0; i < text.size(); i += 4099)
        must(text[i] == static_cast<char>('a' + i % 26));
}

class QueueOfGibibytes : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, QueueOfGibibytes, ::testing::Values(StartMethod::spawn),
                         start_method_name);

TEST_P(QueueOfGibibytes, a_string_that_fills_the_largest_message_arrives_in_a_child) {
    if (sanitized || !has_memory(6 * GiB)) GTEST_SKIP() << "needs 6 GiB of memory, and time";
    const Queue<std::string> queue;
    Process child(method(), check_gibibyte, queue);
    std::string text(GiB - 5, '-');  // MessagePack adds five bytes
    for (std::size_t i = 0; i < text.size(); i += 4099) text[i] = static_cast<char>('a' + i % 26);
    queue.put(text);
    EXPECT_TRUE(ends_well(child));
}

TEST(QueueOfGibibytes, exactly_one_gibibyte_passes) {
    if (sanitized || !has_memory(6 * GiB)) GTEST_SKIP() << "needs 6 GiB of memory, and time";
    const JoinableQueue<int> queue;
    const Zeros zeros(GiB);
    ASSERT_TRUE(queue.bytes().try_put({Format::raw, zeros.bytes()}, 1h).has_value());
    Message message;
    ASSERT_TRUE(queue.bytes().try_get(message, Deadline::now()).has_value());
    EXPECT_EQ(message.bytes().size(), GiB);
    EXPECT_EQ(std::memcmp(message.bytes().data(), zeros.bytes().data(), GiB), 0);
    queue.task_done();
    EXPECT_LT(queue.stats().memory_bytes, MiB);
}

}  // namespace
}  // namespace procession::testing
