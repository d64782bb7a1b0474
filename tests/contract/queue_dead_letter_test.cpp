// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "support/queue_helpers.h"

// Dead letters: items that cannot be processed are kept, and join() does not wait for them.

namespace procession::testing {
namespace {

/// The bytes of a value as a message carries them.
template <class T>
std::vector<std::byte> bytes_of(const T& value) {
    Writer writer;
    Format format = Format::raw;
    const auto bytes = encode_message(value, writer, format);
    return {bytes.begin(), bytes.end()};
}

TEST(DeadLetters, of_a_fresh_queue_are_none) {
    EXPECT_TRUE(Queue<int>().dead_letters().empty());
    EXPECT_TRUE(JoinableQueue<int>().dead_letters().empty());
    EXPECT_TRUE(JoinableQueue<int>().take_dead_letters().empty());
}

TEST(DeadLetters, a_rejected_item_is_kept_with_reason_bytes_and_deliveries) {
    const JoinableQueue<std::string> queue;
    queue.put("the text");
    queue.get().give_back();
    queue.get().reject("no such file");
    const auto letters = queue.dead_letters();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].reason, "no such file");
    EXPECT_EQ(letters[0].format, Format::msgpack);
    EXPECT_EQ(letters[0].bytes, bytes_of(std::string("the text")));
    EXPECT_EQ(letters[0].deliveries, 2U);
}

TEST(DeadLetters, a_rejected_item_counts_as_finished) {
    const JoinableQueue<int> queue;
    queue.put(1);
    OnThread joiner([&] { EXPECT_TRUE(queue.join()); });
    joiner.until_asleep();
    queue.get().reject("no");
    joiner.join();
    EXPECT_EQ(queue.stats().finished, 1U);
    EXPECT_EQ(queue.stats().dead_lettered, 1U);
}

TEST(DeadLetters, can_be_read_as_what_they_were) {
    const JoinableQueue<std::vector<int>> queue;
    queue.put({1, 2, 3});
    queue.get().reject("no");
    const auto letter = queue.dead_letters().at(0);
    const auto value = decode_message<std::vector<int>>(letter.format, letter.bytes);
    EXPECT_EQ(value, (std::vector{1, 2, 3}));
}

TEST(DeadLetters, come_oldest_first_and_are_numbered) {
    const JoinableQueue<int> queue;
    for (int i = 0; i < 100; ++i) {
        queue.put(i);
        queue.get().reject("letter " + std::to_string(i));
    }
    const auto letters = queue.dead_letters();
    ASSERT_EQ(letters.size(), 100U);
    for (std::size_t i = 0; i < 100; ++i) {
        EXPECT_EQ(letters[i].reason, "letter " + std::to_string(i));
        EXPECT_EQ(letters[i].number, letters[0].number + i);
    }
}

TEST(DeadLetters, stay_until_they_are_taken) {
    const JoinableQueue<int> queue;
    queue.put(1);
    queue.get().reject("no");
    const auto with_letter = queue.stats().memory_bytes;
    EXPECT_EQ(queue.dead_letters().size(), 1U);
    EXPECT_EQ(queue.dead_letters().size(), 1U);
    EXPECT_EQ(queue.take_dead_letters().size(), 1U);
    EXPECT_TRUE(queue.dead_letters().empty());
    EXPECT_TRUE(queue.take_dead_letters().empty());
    EXPECT_LT(queue.stats().memory_bytes, with_letter);
    EXPECT_EQ(queue.stats().dead_lettered, 1U) << "since it was made";
}

TEST(DeadLetters, of_a_large_item_keep_all_of_it) {
    const JoinableQueue<std::string> queue;
    const std::string large(3 << 20, 'x');
    queue.put(large);
    queue.get().reject("too large for me");
    EXPECT_EQ(queue.take_dead_letters().at(0).bytes, bytes_of(large));
}

TEST(DeadLetters, of_an_empty_item_are_empty) {
    const ByteQueue queue(QueueKind::joinable, type_stamp<int>(), {});
    EXPECT_TRUE(queue.try_put({}, Deadline::now()).has_value());
    Message message;
    EXPECT_TRUE(queue.try_get(message, Deadline::now()).has_value());
    queue.reject(message.ticket(), "");
    const auto letter = queue.dead_letters().at(0);
    EXPECT_TRUE(letter.bytes.empty());
    EXPECT_EQ(letter.reason, "");
}

TEST(DeadLetters, keep_the_start_of_a_very_long_reason) {
    const JoinableQueue<int> queue;
    queue.put(1);
    queue.get().reject(std::string(100'000, 'r'));
    const auto letter = queue.dead_letters().at(0);
    EXPECT_GE(letter.reason.size(), 1000U);
    EXPECT_EQ(letter.reason, std::string(letter.reason.size(), 'r'));
    EXPECT_EQ(letter.bytes, bytes_of(1));
}

TEST(DeadLetters, take_the_item_of_a_scope_left_by_an_exception_where_so_chosen) {
    QueueOptions options;
    options.on_exception = OnException::dead_letter;
    const JoinableQueue<int> queue(options);
    queue.put(5);
    const auto fail = [&] {
        const auto lease = queue.get();
        throw std::runtime_error("failed");
    };
    EXPECT_THROW(fail(), std::runtime_error);
    EXPECT_TRUE(queue.join(0ms));
    const auto letter = queue.dead_letters().at(0);
    EXPECT_TRUE(contains(letter.reason, "exception"));
    EXPECT_EQ(letter.bytes, bytes_of(5));
    EXPECT_EQ(letter.deliveries, 1U);
}

TEST(DeadLetters, take_an_item_given_back_after_its_last_delivery) {
    QueueOptions options;
    options.max_deliveries = 3;
    const JoinableQueue<int> queue(options);
    queue.put(5);
    for (std::uint32_t i = 1; i <= 3; ++i) {
        auto lease = queue.get(Deadline::now());
        EXPECT_EQ(lease.deliveries(), i);
        lease.give_back();
    }
    EXPECT_TRUE(queue.empty());
    EXPECT_TRUE(queue.join(0ms));
    const auto letter = queue.dead_letters().at(0);
    EXPECT_EQ(letter.deliveries, 3U);
    EXPECT_TRUE(contains(letter.reason, "3 of at most 3"));
}

struct Job {
    std::string name;
    int number = 0;
};

TEST(DeadLetters, give_the_value_that_was_put) {
    const JoinableQueue<Job> queue;
    queue.put({"seven", 7});
    queue.get().reject("no");
    const auto job = queue.dead_letters().at(0).decode<Job>();
    EXPECT_EQ(job.name, "seven");
    EXPECT_EQ(job.number, 7);
    EXPECT_THROW((void)queue.dead_letters().at(0).decode<std::vector<int>>(), DecodeError);
    EXPECT_THROW((void)queue.dead_letters().at(0).decode<int>(), DecodeError);
}

TEST(DeadLetters, give_the_array_that_was_put) {
    const JoinableQueue<std::uint32_t[]> queue;
    const std::vector<std::uint32_t> array{1, 2, 3};
    queue.put(array);
    queue.get().reject("no");
    EXPECT_EQ(queue.dead_letters().at(0).decode<std::uint32_t[]>(), array);
    EXPECT_THROW((void)queue.dead_letters().at(0).decode<std::uint64_t[]>(), DecodeError);
}

TEST(DeadLetters, take_an_item_at_once_when_one_delivery_is_allowed) {
    QueueOptions options;
    options.max_deliveries = 1;
    const JoinableQueue<int> queue(options);
    queue.put(5);
    OnThread joiner([&] { EXPECT_TRUE(queue.join()); });
    joiner.until_asleep();
    queue.get().give_back();
    joiner.join();
    EXPECT_EQ(queue.dead_letters().size(), 1U);
}

TEST(DeadLetters, there_being_no_memory_for_one_the_lease_stays_open) {
    QueueOptions options;
    options.memory_limit = 256 * 1024;
    const JoinableQueue<std::string> queue(options);
    queue.put("first");
    auto lease = queue.get();
    while (message_of<MemoryError>([&] { queue.put(std::string(4000, 'x')); }).empty()) {}
    while (message_of<MemoryError>([&] { queue.put(std::string(5000, 'x')); }).empty()) {}
    EXPECT_THROW(lease.reject("no"), MemoryError);
    lease.done();
    while (!queue.empty()) queue.get().done();
    EXPECT_TRUE(queue.join(0ms));
}

class DeadLettersStarted : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, DeadLettersStarted, both_start_methods(), start_method_name);

void hold_and_wait(const JoinableQueue<int>& queue, const Queue<int>& says) {
    const auto lease = queue.get();
    says.put(*lease);
    wait_to_be_killed();
}

TEST_P(DeadLettersStarted, take_an_item_whose_consumers_died_too_often) {
    QueueOptions options;
    options.max_deliveries = 2;
    const JoinableQueue<int> queue(options);
    const Queue<int> says;
    queue.put(5);
    for (int i = 0; i < 2; ++i) {
        Process consumer(method(), hold_and_wait, queue, says);
        EXPECT_EQ(take(says), 5);
        consumer.kill();
    }
    EXPECT_TRUE(queue.join()) << "it counts as finished";
    const auto letter = queue.dead_letters().at(0);
    EXPECT_EQ(letter.deliveries, 2U);
    EXPECT_TRUE(contains(letter.reason, "consumer died"));
    EXPECT_EQ(letter.bytes, bytes_of(5));
}

void reject_one(const JoinableQueue<int>& queue) { queue.get().reject("from a child"); }
void take_them(const JoinableQueue<int>& queue) {
    must(queue.take_dead_letters().at(0).reason == "from a child");
}

TEST_P(DeadLettersStarted, are_the_queues_and_not_a_processs) {
    const JoinableQueue<int> queue;
    queue.put(1);
    EXPECT_TRUE(ends_well(Process(method(), reject_one, queue)));
    EXPECT_EQ(queue.dead_letters().at(0).reason, "from a child");
    EXPECT_TRUE(ends_well(Process(method(), take_them, queue)));
    EXPECT_TRUE(queue.dead_letters().empty());
}

}  // namespace
}  // namespace procession::testing
