// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/lease_table.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "procession/detail/codec/format.h"
#include "procession/detail/message.h"
#include "queue/dead_letters.h"
#include "queue/intents.h"
#include "queue/record.h"
#include "queue/records.h"
#include "shm/corrupt.h"
#include "unit/queue_parts.h"

namespace procession::inline v0::detail::queue {
namespace {

using testing::chunk_of;
using testing::kMine;
using testing::kOther;
using testing::QueueParts;
using Finished = LeaseTable::Finished;

class Leases : public ::testing::Test {
  protected:
    Ticket put_and_take(std::size_t bytes = 8) {
        parts_.put(bytes);
        return parts_.take(kMine);
    }
    void audit() { table_.audit_finished(parts_.head(), parts_.memory()); }

    /// Neither the lease nor a count has changed, and no intent is open that was not.
    void expect_declined(const Ticket& ticket, std::uint32_t slot, const std::string& why) {
        const LeaseWord before = parts_.lease_of(ticket);
        const std::uint64_t finished = table_.finished();
        const bool was_finishing = table_.is_finishing(slot);
        EXPECT_EQ(table_.try_finish_fast(ticket, slot), Finished::no) << why;
        EXPECT_EQ(parts_.lease_of(ticket), before) << why;
        EXPECT_EQ(table_.finished(), finished) << why;
        EXPECT_EQ(table_.is_finishing(slot), was_finishing) << why;
    }

    QueueParts parts_;
    LeaseTable& table_ = parts_.leases();
};

// ---- one lease ---------------------------------------------------------------------------------

TEST_F(Leases, are_open_for_their_holder_and_their_delivery_alone) {
    const Ticket ticket = put_and_take();
    EXPECT_TRUE(table_.is_open(ticket, kMine));
    EXPECT_FALSE(table_.is_open(ticket, kOther)) << "another slot";
    Ticket other = ticket;
    other.deliveries = 2;
    EXPECT_FALSE(table_.is_open(other, kMine)) << "another delivery";
    other = ticket;
    other.chunk_first = 7;
    EXPECT_FALSE(table_.is_open(other, kMine)) << "another chunk";
    other = ticket;
    other.position = ~std::uint64_t{0};
    EXPECT_FALSE(table_.is_open(other, kMine)) << "no position";
    parts_.finish(ticket);
    EXPECT_FALSE(table_.is_open(ticket, kMine)) << "it is finished";
}

TEST_F(Leases, are_ended_by_one_caller_only) {
    const Ticket ticket = put_and_take();
    EXPECT_FALSE(table_.begin_ending(ticket, kOther)) << "another slot";
    EXPECT_TRUE(table_.is_open(ticket, kMine));
    EXPECT_TRUE(table_.begin_ending(ticket, kMine));
    EXPECT_FALSE(table_.begin_ending(ticket, kMine)) << "it is being ended";
    EXPECT_FALSE(table_.is_open(ticket, kMine));
    table_.leave_open(ticket, kMine);
    EXPECT_TRUE(table_.is_open(ticket, kMine));
    EXPECT_TRUE(table_.begin_ending(ticket, kMine));
    parts_.finish(ticket);
    EXPECT_FALSE(table_.begin_ending(ticket, kMine)) << "it is finished";
}

TEST_F(Leases, of_an_earlier_delivery_have_ended) {
    const Ticket first = put_and_take();
    parts_.give_back(first);
    const Ticket second = parts_.take_returned(kMine);
    EXPECT_EQ(second.position, first.position);
    EXPECT_EQ(second.deliveries, 2U);
    EXPECT_FALSE(table_.is_open(first, kMine));
    EXPECT_FALSE(table_.begin_ending(first, kMine));
    EXPECT_TRUE(table_.is_open(second, kMine));
}

// ---- the usual end -----------------------------------------------------------------------------

TEST_F(Leases, end_in_the_usual_way_once_and_are_counted_once) {
    const Ticket ticket = put_and_take();
    EXPECT_FALSE(table_.all_finished());
    EXPECT_EQ(table_.try_finish_fast(ticket, kMine), Finished::done);
    EXPECT_EQ(parts_.lease_of(ticket), LeaseWord::done_by(kMine, 1));
    EXPECT_EQ(parts_.participant(kMine).finished.load(), 1U);
    EXPECT_FALSE(table_.is_finishing(kMine));
    EXPECT_TRUE(table_.all_finished());
    expect_declined(ticket, kMine, "a second time");
    EXPECT_NO_THROW(audit());
}

TEST_F(Leases, do_not_end_in_the_usual_way_for_another_holder_or_delivery) {
    const Ticket first = put_and_take();
    expect_declined(first, kOther, "another slot");
    Ticket later = first;
    later.deliveries = 2;
    expect_declined(later, kMine, "another delivery");
    ASSERT_TRUE(table_.begin_ending(first, kMine));
    expect_declined(first, kMine, "a lease that is being ended");
    table_.leave_open(first, kMine);
    parts_.give_back(first);
    expect_declined(first, kMine, "an item that waits again");
}

TEST_F(Leases, do_not_end_in_the_usual_way_when_it_is_not_the_usual_one) {
    parts_.put_outside(3);
    expect_declined(parts_.take(kMine), kMine, "a payload in a block of its own");

    const Ticket ticket = put_and_take();
    parts_.participant(kMine).finishing.begin(FinishIntent::finish, ticket.position, 0, {41});
    expect_declined(ticket, kMine, "an intent that is not settled yet");
    EXPECT_EQ(parts_.participant(kMine).finishing.value(0), 41U) << "it was not written over";
    parts_.participant(kMine).finishing.end();

    parts_.records().chunk(chunk_of(ticket)).passed.store(1);
    expect_declined(ticket, kMine, "a chunk that the head has left");
    parts_.records().chunk(chunk_of(ticket)).passed.store(0);
    EXPECT_EQ(table_.try_finish_fast(ticket, kMine), Finished::done);
}

TEST_F(Leases, that_have_ended_are_counted_over_all_participants_and_the_queue) {
    for (int i = 0; i < 6; ++i) parts_.put();
    for (const std::uint32_t slot : {0U, 1U, 1U, 3U, 3U}) {
        EXPECT_EQ(table_.try_finish_fast(parts_.take(slot), slot), Finished::done);
    }
    EXPECT_EQ(table_.finished(), 5U);
    EXPECT_FALSE(table_.all_finished());
    parts_.finish(parts_.take(kOther));
    EXPECT_EQ(table_.finished(), 6U);
    EXPECT_TRUE(table_.all_finished());
    EXPECT_NO_THROW(audit());
}

TEST_F(Leases, of_an_item_that_its_producer_has_not_counted_are_known) {
    put_and_take();
    parts_.state().tail.count.store(0);
    EXPECT_EQ(table_.known_put(), 1U);
    EXPECT_FALSE(table_.all_finished());
}

// ---- other ends --------------------------------------------------------------------------------

TEST_F(Leases, of_a_large_item_keep_its_block_until_they_end) {
    parts_.put_outside(3);
    const Ticket ticket = parts_.take(kMine);
    const std::uint32_t used = parts_.pool().units_used();
    parts_.give_back(ticket);
    const Ticket again = parts_.take_returned(kMine);
    EXPECT_EQ(parts_.pool().units_used(), used);
    parts_.finish(again);
    EXPECT_EQ(parts_.pool().units_used(), used - 3);
    EXPECT_EQ(table_.finished(), 1U);
}

TEST_F(Leases, end_as_a_dead_letter_once_and_are_counted_once) {
    const Ticket ticket = put_and_take();
    const std::uint32_t block = parts_.block(1);
    parts_.letters().write(block, {Format::raw, {}, 1, "no"});
    const auto at = Position::unpack(ticket.position);
    table_.finish_as_dead_letter(parts_.memory(), at, parts_.record_at(at), block);
    EXPECT_TRUE(parts_.is_finished(ticket));
    EXPECT_EQ(table_.finished(), 1U);
    EXPECT_EQ(parts_.state().dead_lettered.load(), 1U);
    const auto letters = parts_.letters().read_all(parts_.memory(), false);
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].number, 1U);
    EXPECT_EQ(letters[0].reason, "no");
}

// ---- counts ------------------------------------------------------------------------------------

TEST_F(Leases, that_were_finished_and_not_counted_or_counted_twice_are_found_by_the_audit) {
    const Ticket ticket = put_and_take();
    put_and_take();
    EXPECT_EQ(table_.try_finish_fast(ticket, kMine), Finished::done);
    EXPECT_NO_THROW(audit());
    for (const std::uint64_t wrong : {0U, 2U}) {
        parts_.participant(kMine).finished.store(wrong);
        EXPECT_THROW(audit(), shm::Corrupt) << wrong;
    }
    parts_.participant(kMine).finished.store(0);
    parts_.participant(kMine).finishing.begin(FinishIntent::finish, ticket.position, 0, {0});
    EXPECT_NO_THROW(audit()) << "it is about to be counted";
}

}  // namespace
}  // namespace procession::inline v0::detail::queue
