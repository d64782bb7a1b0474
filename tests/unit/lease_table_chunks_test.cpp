// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "procession/detail/message.h"
#include "queue/intents.h"
#include "queue/lease_table.h"
#include "queue/record.h"
#include "queue/records.h"
#include "shm/block_pool.h"
#include "shm/layout.h"
#include "unit/queue_parts.h"

// The chunks of a log whose records have leases: when they are freed, and what is found in them.

namespace procession::inline v0::detail::queue {
namespace {

using shm::BlockState;
using testing::chunk_of;
using testing::kMine;
using testing::kOther;
using testing::QueueParts;
using Finished = LeaseTable::Finished;

class LeasesInChunks : public ::testing::Test {
  protected:
    /// The items of a whole chunk, which the head has not left.
    std::vector<Ticket> take_a_chunk() {
        for (std::uint32_t i = 0; i <= QueueParts::kLongPerChunk; ++i) {
            parts_.put(QueueParts::kLong);
        }
        auto tickets = parts_.take_many(QueueParts::kLongPerChunk, kMine);
        EXPECT_EQ(chunk_of(tickets.front()), chunk_of(tickets.back()));
        return tickets;
    }
    /// Puts and takes until that is an item at the position of `old`, in a chunk that was freed.
    Ticket take_in_the_place_of(const Ticket& old) {
        for (std::uint32_t i = 0; i < 3 * QueueParts::kLongPerChunk; ++i) {
            parts_.put(QueueParts::kLong);
            const Ticket fresh = parts_.take(kMine);
            if (fresh.position == old.position) return fresh;
        }
        ADD_FAILURE() << "the chunk is not used again";
        return old;
    }
    [[nodiscard]] BlockState state_of(std::uint32_t unit) {
        return parts_.pool().block(unit).state;
    }
    void audit() { table_.audit_finished(parts_.head(), parts_.memory()); }

    QueueParts parts_;
    LeaseTable& table_ = parts_.leases();
};

TEST_F(LeasesInChunks, that_ended_before_the_head_left_free_their_chunk_when_it_leaves) {
    const auto tickets = take_a_chunk();
    for (const Ticket& each : tickets) {
        EXPECT_EQ(table_.try_finish_fast(each, kMine), Finished::done);
    }
    const std::uint32_t chunk = chunk_of(tickets.front());
    EXPECT_EQ(state_of(chunk), BlockState::chunk) << "the head is there";
    EXPECT_NE(chunk_of(parts_.take(kMine)), chunk);
    EXPECT_EQ(state_of(chunk), BlockState::free);
    EXPECT_NO_THROW(audit());
}

TEST_F(LeasesInChunks, that_end_after_the_head_left_free_their_chunk_with_the_last_one) {
    const auto tickets = take_a_chunk();
    const std::uint32_t chunk = chunk_of(tickets.front());
    EXPECT_EQ(table_.try_finish_fast(tickets[3], kMine), Finished::done);
    parts_.take(kMine);
    for (const Ticket& each : tickets) {
        EXPECT_EQ(state_of(chunk), BlockState::chunk);
        if (each.position == tickets[3].position) continue;
        EXPECT_EQ(table_.try_finish_fast(each, kMine), Finished::no) << "its chunk is passed";
        parts_.finish(each);
    }
    EXPECT_EQ(state_of(chunk), BlockState::free);
    EXPECT_EQ(table_.finished(), tickets.size());
    EXPECT_NO_THROW(audit());
}

TEST_F(LeasesInChunks, keep_a_chunk_of_which_an_item_waits_again) {
    const auto tickets = take_a_chunk();
    for (const Ticket& each : tickets) {
        if (each.position != tickets[5].position) parts_.finish(each);
    }
    parts_.give_back(tickets[5]);
    parts_.take(kMine);
    EXPECT_EQ(state_of(chunk_of(tickets[5])), BlockState::chunk);
    parts_.finish(parts_.take_returned(kOther));
    EXPECT_EQ(state_of(chunk_of(tickets[5])), BlockState::free);
}

TEST_F(LeasesInChunks, of_a_chunk_that_is_gone_mean_nothing_in_the_chunk_that_took_its_place) {
    const auto tickets = take_a_chunk();
    for (const Ticket& each : tickets) parts_.finish(each);
    parts_.take(kMine);
    const Ticket& old = tickets.front();
    const Ticket fresh = take_in_the_place_of(old);
    EXPECT_TRUE(table_.is_open(fresh, kMine));
    EXPECT_FALSE(table_.is_open(old, kMine));
    EXPECT_FALSE(table_.begin_ending(old, kMine));
    table_.retire(parts_.memory(), chunk_of(old), old.chunk_first);
    EXPECT_EQ(parts_.records().chunk(chunk_of(fresh)).passed.load(), 0U)
        << "the old chunk was left, and not the new one";
    EXPECT_TRUE(table_.is_open(fresh, kMine));
}

TEST_F(LeasesInChunks, that_had_just_ended_are_counted_once_when_their_chunk_is_gone) {
    const auto tickets = take_a_chunk();
    for (const Ticket& each : tickets) {
        if (each.position != tickets[0].position) parts_.finish(each);
    }
    // What a process leaves that dies between the end of the lease and the count.
    shm::ParticipantSlot& dead = parts_.participant(kMine);
    dead.finishing.begin(FinishIntent::finish, tickets[0].position, tickets[0].chunk_first, {5});
    parts_.records()
        .lease_at(Position::unpack(tickets[0].position))
        .store(LeaseWord::done_by(kMine, 1).pack());
    parts_.take(kMine);
    ASSERT_EQ(state_of(chunk_of(tickets[0])), BlockState::free);
    const Ticket fresh = take_in_the_place_of(tickets[0]);
    for (int times = 0; times < 2; ++times) {
        table_.settle_finishing(parts_.memory(), kMine);
        EXPECT_EQ(dead.finished.load(), 6U);
        EXPECT_FALSE(table_.is_finishing(kMine));
        EXPECT_TRUE(table_.is_open(fresh, kMine));
    }
}

// ---- counts ------------------------------------------------------------------------------------

TEST_F(LeasesInChunks, are_collected_by_holder_the_oldest_first_over_all_chunks) {
    std::vector<Position> log;
    for (int i = 0; i < 60; ++i) log.push_back(parts_.put(QueueParts::kLong));
    std::vector<Position> mine;
    for (int i = 0; i < 40; ++i) {
        const Ticket ticket = parts_.take(i % 3 == 0 ? kOther : kMine);
        if (i % 3 != 0) mine.push_back(Position::unpack(ticket.position));
    }
    // Ahead of the head nothing is leased, whatever the words say, in its chunk and the next one.
    for (const Position at : {log[40], log[59]}) {
        parts_.records().lease_at(at).store(LeaseWord{LeaseState::held, kMine, 1}.pack());
    }
    EXPECT_EQ(table_.collect(parts_.head(), parts_.memory(), LeaseState::held, kMine), mine);
    std::vector<std::uint64_t> counts(QueueParts::kSlots);
    table_.count_held(parts_.head(), parts_.memory(), counts);
    EXPECT_EQ(counts, (std::vector<std::uint64_t>{0, 26, 14, 0}));
}

}  // namespace
}  // namespace procession::inline v0::detail::queue
