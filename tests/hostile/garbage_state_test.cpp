// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Single words of the shared memory hold what no correct participant writes: an operation that
// meets them says so, and touches nothing outside of the memory.

#include <gtest/gtest.h>

#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include "procession/procession.h"
#include "shm/participant_table.h"
#include "support/queue_helpers.h"
#include "support/segment_bytes.h"

namespace procession {

using namespace detail;
namespace {

using namespace std::chrono_literals;
using queue::ChunkHeader;
using queue::kChunkBytes;
using queue::kCommitted;
using queue::kFirstRecord;
using queue::kNextChunk;
using queue::Position;
using queue::RecordHead;
using shm::Block;
using shm::BlockState;
using testing::SegmentBytes;

using Texts = Queue<std::string>;
using Jobs = JoinableQueue<std::string>;

QueueOptions small_queue() {
    QueueOptions options;
    options.maxsize = 100;
    options.memory_limit = 4 << 20;
    return options;
}

std::atomic<std::uint64_t>& word(std::byte* at) {
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(at);
}

// --- Memory that is not there -------------------------------------------------------------------

TEST(GarbageMemory, a_pool_that_claims_more_memory_than_the_file_has_is_corrupt_and_no_bus_error) {
    Texts queue{small_queue()};
    const SegmentBytes segment(queue);
    segment.state().pool.backed.store(segment.units_max());
    EXPECT_THROW(queue.put(std::string(1 << 20, 'x')), CorruptSegment);
}

TEST(GarbageMemory, a_pool_that_ends_beyond_the_file_is_corrupt_and_no_bus_error) {
    Texts queue{small_queue()};
    const SegmentBytes segment(queue);
    segment.state().pool.backed.store(segment.units_max());
    segment.state().pool.end.store(segment.units_max() - 300);
    EXPECT_THROW(queue.put(std::string(1 << 20, 'x')), CorruptSegment);
}

TEST(GarbageMemory, a_dead_letter_longer_than_the_pool_is_corrupt_and_no_bus_error) {
    Jobs queue{small_queue()};
    queue.put("refused");
    queue.get().reject("no");
    const SegmentBytes segment(queue);
    const std::uint32_t end = segment.state().pool.end.load();
    for (std::uint32_t unit = 0; unit < end; ++unit) {
        const Block block = Block::unpack(segment.table(unit).load());
        if (block.state != BlockState::dead_letter) continue;
        const std::uint32_t units = segment.units_max() - unit;
        segment.table(unit).store(Block{BlockState::dead_letter, 0, units}.pack());
        const std::uint64_t bytes = std::uint64_t{units} * shm::kUnitBytes - 200;
        std::memcpy(segment.memory(unit) + 8, &bytes, sizeof bytes);
    }
    EXPECT_THROW(static_cast<void>(queue.dead_letters()), CorruptSegment);
}

TEST(GarbageMemory, a_free_block_shorter_than_its_list_says_is_not_given_out) {
    Texts queue{small_queue()};
    queue.put(std::string(100'000, 'x'));
    const SegmentBytes segment(queue);
    const auto outside = segment.state().pool.end.load() - 28;
    static_cast<void>(queue.get());
    ASSERT_EQ(Block::unpack(segment.table(outside).load()).state, BlockState::free);
    segment.table(outside).store(Block{BlockState::free, 0, 1}.pack());
    EXPECT_THROW(queue.put(std::string(100'000, 'x')), CorruptSegment);
}

TEST(GarbageMemory, a_position_at_the_very_end_of_the_file_is_corrupt_and_no_bus_error) {
    for (const std::uint32_t chunk : {0xffffffffU, 0xfffffff8U, 900U}) {
        Jobs queue{small_queue()};
        queue.put("one");
        const SegmentBytes segment(queue);
        segment.state().head.position.store(Position{chunk, kFirstRecord}.pack());
        EXPECT_THROW(static_cast<void>(queue.get()), CorruptSegment) << chunk;
    }
}

// The lease and the link of a record lie behind its first word: there must be room for them.
TEST(GarbageMemory, an_item_in_the_list_of_returned_ones_that_is_none_is_corrupt) {
    for (const std::uint32_t offset : {kChunkBytes - 8, kFirstRecord + 8, kChunkBytes / 2}) {
        Jobs queue{small_queue()};
        queue.put("one");
        const SegmentBytes segment(queue);
        const auto tail = Position::unpack(segment.state().tail.position.load());
        segment.state().returned.first.store(Position{tail.chunk, offset}.pack());
        EXPECT_THROW(static_cast<void>(queue.get()), CorruptSegment) << offset;
    }
}

TEST(GarbageMemory, a_returned_item_whose_length_became_a_link_is_corrupt) {
    Jobs queue{small_queue()};
    queue.put("one");
    queue.get().give_back();
    const SegmentBytes segment(queue);
    std::byte* record = segment.record(segment.state().returned.first.load());
    word(record).store(RecordHead{0x7fffffff, kCommitted | kNextChunk, 1, 0}.pack());
    EXPECT_THROW(static_cast<void>(queue.get()), CorruptSegment);
}

TEST(GarbageMemory, a_count_that_a_producer_is_said_to_have_seen_is_not_believed) {
    QueueOptions options = small_queue();
    options.maxsize = 5;
    Texts queue{options};
    for (int i = 0; i < 3; ++i) queue.put("one");
    for (int i = 0; i < 3; ++i) static_cast<void>(queue.get());
    SegmentBytes(queue).state().seen_taken.store(4);
    EXPECT_TRUE(queue.try_put("more", Deadline::never()).has_value());
}

// --- Loops --------------------------------------------------------------------------------------

TEST(GarbageLoop, a_list_of_returned_items_that_leads_back_into_itself_is_corrupt) {
    Jobs queue{small_queue()};
    for (const char* text : {"one", "two", "three", "four"}) queue.put(text);
    auto one = queue.get();
    auto two = queue.get();
    auto three = queue.get();
    auto four = queue.get();
    one.give_back();
    three.give_back();
    two.give_back();
    const SegmentBytes segment(queue);
    const std::uint64_t first = segment.state().returned.first.load();
    std::byte* second = segment.record(word(segment.record(first) + 16).load());
    word(second + 16).store(first);
    segment.state().returned.count.store(~std::uint64_t{0});
    EXPECT_THROW(four.give_back(), CorruptSegment);
}

TEST(GarbageLoop, chunks_that_form_a_ring_are_corrupt) {
    Texts queue{small_queue()};
    const SegmentBytes segment(queue);
    const auto head = Position::unpack(segment.state().head.position.load());
    word(segment.record(head.pack()))
        .store(RecordHead{head.chunk, kCommitted | kNextChunk, 0, 0}.pack());
    EXPECT_THROW(static_cast<void>(queue.get()), CorruptSegment);
}

TEST(GarbageLoop, a_shutdown_ends_on_a_log_that_leads_back_into_itself) {
    Texts queue{small_queue()};
    queue.put("one");
    const SegmentBytes segment(queue);
    // The head does not leave a chunk in which the tail stands, wherever a link leads.
    const auto tail = Position::unpack(segment.state().tail.position.load());
    word(segment.record(tail.pack()))
        .store(RecordHead{tail.chunk, kCommitted | kNextChunk, 0, 0}.pack());
    queue.shutdown(true);
    EXPECT_THROW(static_cast<void>(queue.get()), ShutDown);
}

TEST(GarbageLoop, a_ring_of_chunks_is_corrupt_where_a_consumer_follows_it) {
    Texts queue{small_queue()};
    queue.put("one");
    const SegmentBytes segment(queue);
    const auto tail = Position::unpack(segment.state().tail.position.load());
    word(segment.record(tail.pack()))
        .store(RecordHead{tail.chunk, kCommitted | kNextChunk, 0, 0}.pack());
    segment.state().tail.position.store(Position{tail.chunk + 16, kFirstRecord}.pack());
    EXPECT_THROW(queue.shutdown(true), CorruptSegment);
}

TEST(GarbageLoop, a_plain_queue_with_a_list_of_returned_items_is_as_empty_as_it_is) {
    Texts queue{small_queue()};
    const SegmentBytes segment(queue);
    segment.state().returned.first.store(Position{0, kFirstRecord}.pack());
    EXPECT_THROW(static_cast<void>(queue.get(0ms)), Empty);
}

TEST(GarbageLoop, put_does_not_turn_for_ever_between_counts_that_contradict_each_other) {
    QueueOptions options = small_queue();
    options.maxsize = 2;
    Texts queue{options};
    for (int i = 0; i < 2; ++i) queue.put("full");
    const SegmentBytes segment(queue);
    segment.state().head.count.store(1'000'000);
    EXPECT_THROW(queue.put("one", 0ms), CorruptSegment);
}

TEST(GarbageLoop, a_queue_with_a_limit_of_bytes_does_not_either) {
    QueueOptions options = small_queue();
    options.max_bytes = 1000;
    Texts queue{options};
    const SegmentBytes segment(queue);
    segment.state().head.bytes.store(1'000'000);
    EXPECT_THROW(queue.put("one", 0ms), CorruptSegment);
}

// --- Locks --------------------------------------------------------------------------------------

struct LockWord {
    const char* name;
    std::atomic<std::uint32_t>& (*of)(queue::State&);
};
const LockWord kLocks[] = {
    {"tail", [](queue::State& s) -> auto& { return s.tail_lock.word; }},
    {"head", [](queue::State& s) -> auto& { return s.head_lock.word; }},
    {"memory", [](queue::State& s) -> auto& { return s.memory_lock.word; }},
};

// Takes all three.
void use_everything(const Jobs& queue) {
    queue.put(std::string(5000, 'x'));
    queue.get().done();
}

TEST(GarbageLock,
     a_word_that_nobody_wrote_who_took_the_lock_is_corrupt_also_for_who_waits_for_ever) {
    // A small number names this process's slot, or the next one; others name no participant at all.
    for (const std::uint32_t value :
         {1U, 2U, 77U, 0x01010101U, 0x7fffffffU, 0x80000000U, 0x80000001U, 0xffffffffU}) {
        for (const LockWord& lock : kLocks) {
            Jobs queue{small_queue()};
            use_everything(queue);
            const SegmentBytes segment(queue);
            lock.of(segment.state()).store(value);
            EXPECT_THROW(use_everything(queue), CorruptSegment) << lock.name << ' ' << value;
        }
    }
}

// This process's own name, as only a forger or a copy of another lock's word can have put it there.
std::uint32_t forged_own_name(const SegmentBytes& segment) {
    const std::uint32_t number = segment.participant(0).epoch.load();
    return shm::ParticipantTable::owner_token_of(0, number) + 1;
}

// Its own name is no reason to poison the queue for others: the process leaves as if it had died,
// which repairs the lock, and comes back.
TEST(GarbageLock, a_lock_that_names_this_process_in_vain_does_not_hold_it_for_ever) {
    for (const LockWord& lock : kLocks) {
        Jobs queue{small_queue()};
        use_everything(queue);
        const SegmentBytes segment(queue);
        lock.of(segment.state()).store(forged_own_name(segment));
        use_everything(queue);
        EXPECT_EQ(segment.header().poisoned.load(), 0U) << lock.name;
        EXPECT_EQ(queue.stats().deaths, 1U) << lock.name;
    }
}

TEST(GarbageLock, a_lock_that_names_this_process_in_vain_does_not_keep_close_waiting) {
    for (const LockWord& lock : kLocks) {
        Jobs queue{small_queue()};
        use_everything(queue);
        Process other(procession::fork, [&queue, &lock] {
            use_everything(queue);
            const SegmentBytes segment(queue);
            const std::uint32_t number = segment.participant(1).epoch.load();
            lock.of(segment.state()).store(shm::ParticipantTable::owner_token_of(1, number) + 1);
            queue.close();
        });
        other.join();
        EXPECT_EQ(other.exit_code(), 0);
        use_everything(queue);
        EXPECT_EQ(queue.stats().deaths, 1U) << lock.name;
    }
}

// Without the tag of a name, a stray 2 would be the second participant, and an operation would wait
// for it as long as it lives.
TEST(GarbageLock, a_small_number_does_not_name_a_live_participant) {
    Jobs queue{small_queue()};
    use_everything(queue);
    JoinableQueue<int> stay;
    Process child(procession::fork, [&] {
        use_everything(queue);
        stay.put(1);
        static_cast<void>(stay.join());
    });
    auto until_it_is_there = stay.get();
    const SegmentBytes segment(queue);
    ASSERT_EQ(segment.participant(1).state.load(), shm::kJoined);
    segment.state().tail_lock.word.store(2);
    EXPECT_THROW(queue.put("one"), CorruptSegment);
    until_it_is_there.done();
    EXPECT_TRUE(testing::ends_well(child));
}

TEST(GarbageLock, a_lock_that_names_a_participant_that_has_left_is_corrupt) {
    Jobs queue{small_queue()};
    const SegmentBytes segment(queue);
    std::uint32_t name_of_child = 0;
    Process child(procession::fork, [&] { use_everything(queue); });
    EXPECT_TRUE(testing::ends_well(child));
    const std::uint32_t left = segment.participant(1).epoch.load();
    ASSERT_GT(left, 1U);
    name_of_child = shm::ParticipantTable::owner_token_of(1, left - 1) + 1;
    segment.state().tail_lock.word.store(name_of_child);
    EXPECT_THROW(queue.put("one"), CorruptSegment);
}

// --- Finished items -----------------------------------------------------------------------------

TEST(GarbageFinished, more_finished_items_than_there_are_do_not_go_unnoticed_by_a_waiter) {
    Jobs queue{small_queue()};
    use_everything(queue);
    const SegmentBytes segment(queue);
    testing::OnThread waiter(
        [&] { EXPECT_THROW((void)queue.try_get(Deadline::never()), CorruptSegment); });
    waiter.until_asleep();
    segment.participant(0).finished.fetch_add(1);
    waiter.join();
}

TEST(GarbageFinished, an_item_in_hand_is_no_garbage) {
    Jobs queue{small_queue()};
    use_everything(queue);
    queue.put("one");
    auto one = queue.get();
    EXPECT_FALSE(queue.join(1700ms)) << "after an audit or two";
    one.done();
    EXPECT_TRUE(queue.join(Deadline::now()));
}

// --- Operations that wait already ---------------------------------------------------------------

struct Garbage {
    const char* name;
    void (*put)(const SegmentBytes& segment);
    friend void PrintTo(const Garbage& garbage, std::ostream* to) { *to << garbage.name; }
};

const Garbage kGarbage[] = {
    {"poison", [](const SegmentBytes& s) { s.header().poisoned.store(1); }},
    {"magic", [](const SegmentBytes& s) { s.header().magic = 0; }},
    {"total_bytes", [](const SegmentBytes& s) { s.header().total_bytes += 4096; }},
    {"maxsize", [](const SegmentBytes& s) { s.state().maxsize = 1; }},
    {"max_deliveries", [](const SegmentBytes& s) { s.state().max_deliveries = 0; }},
    {"shutdown", [](const SegmentBytes& s) { s.state().shutdown.store(3); }},
    {"tail_count", [](const SegmentBytes& s) { s.state().tail.count.store(1 << 20); }},
    {"tail_bytes", [](const SegmentBytes& s) { s.state().tail.bytes.fetch_sub(1); }},
    {"tail_position", [](const SegmentBytes& s) { s.state().tail.position.fetch_add(8); }},
    {"tail_nowhere", [](const SegmentBytes& s) { s.state().tail.position.store(~0ULL); }},
    {"head_count", [](const SegmentBytes& s) { s.state().head.count.fetch_sub(1); }},
    {"head_bytes", [](const SegmentBytes& s) { s.state().head.bytes.store(0); }},
    {"head_position", [](const SegmentBytes& s) { s.state().head.position.fetch_add(1 << 12); }},
    {"finished_less", [](const SegmentBytes& s) { s.state().finished.fetch_sub(1); }},
    {"returned_count", [](const SegmentBytes& s) { s.state().returned.count.store(3); }},
};

class GarbageMeetsWaiter : public ::testing::TestWithParam<Garbage> {};

TEST_P(GarbageMeetsWaiter, a_get_without_a_limit_comes_out_and_says_why) {
    Jobs queue{small_queue()};
    use_everything(queue);
    const SegmentBytes segment(queue);
    testing::OnThread waiter([&] {
        // A draining queue ends the wait by itself; then it says so when it is asked again.
        EXPECT_THROW(
            {
                for (;;) static_cast<void>(queue.try_get(Deadline::never()));
            },
            CorruptSegment);
    });
    waiter.until_asleep();
    GetParam().put(segment);
    waiter.join();
}

TEST_P(GarbageMeetsWaiter, a_put_without_a_limit_comes_out_and_says_why) {
    QueueOptions options = small_queue();
    options.maxsize = 2;
    Jobs queue{options};
    use_everything(queue);
    for (int i = 0; i < 2; ++i) queue.put("full");
    const SegmentBytes segment(queue);
    testing::OnThread waiter([&] {
        EXPECT_THROW(
            {
                for (;;) static_cast<void>(queue.try_put("more", Deadline::never()));
            },
            CorruptSegment);
    });
    waiter.until_asleep();
    GetParam().put(segment);
    waiter.join();
}

TEST_P(GarbageMeetsWaiter, a_join_without_a_limit_comes_out_and_says_why) {
    Jobs queue{small_queue()};
    use_everything(queue);
    queue.put("never done");
    const SegmentBytes segment(queue);
    testing::OnThread waiter(
        [&] { EXPECT_THROW(static_cast<void>(queue.join()), CorruptSegment); });
    waiter.until_asleep();
    GetParam().put(segment);
    waiter.join();
}

INSTANTIATE_TEST_SUITE_P(Of, GarbageMeetsWaiter, ::testing::ValuesIn(kGarbage),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace procession
