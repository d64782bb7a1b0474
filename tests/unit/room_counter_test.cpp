// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "queue/room.h"
#include "queue/state.h"
#include "shm/corrupt.h"
#include "support/held_lock.h"

namespace procession::inline v0::detail::queue {
namespace {

class RoomInAQueue : public ::testing::Test {
  protected:
    void put(std::uint64_t items, std::uint64_t bytes) {
        state_->tail.count += items;
        state_->tail.bytes += bytes;
    }
    void take(std::uint64_t items, std::uint64_t bytes) {
        state_->head.count += items;
        state_->head.bytes += bytes;
    }
    Room left(std::uint64_t items = 1) { return room_.left(lock_.proof(), items); }
    void require_full() { room_.require_full(lock_.proof()); }

    testing::HeldLock<TailLock> lock_;
    std::unique_ptr<State> state_ = std::make_unique<State>();
    Limits limits_;
    RoomCounter room_{*state_, limits_};
};

TEST_F(RoomInAQueue, has_no_end_without_limits) {
    put(1'000'000, std::uint64_t{1} << 40);
    for (const Room& room : {left(), room_.hint()}) {
        EXPECT_EQ(room.items, UINT64_MAX);
        EXPECT_EQ(room.bytes, UINT64_MAX);
        EXPECT_TRUE(room.has(1, UINT64_MAX));
    }
}

TEST_F(RoomInAQueue, ends_at_maxsize_items_however_large_they_are) {
    limits_.maxsize = 3;
    for (std::uint64_t items = 0; items <= 3; ++items) {
        EXPECT_EQ(left(4).items, 3 - items);
        EXPECT_EQ(room_.hint().has(1, UINT64_MAX), items < 3);
        EXPECT_EQ(left().has(1, UINT64_MAX), items < 3);
        put(1, 1'000'000);
    }
    EXPECT_EQ(left().items, 0U) << "more items than maxsize";
    EXPECT_EQ(room_.hint().items, 0U);
    take(2, 2'000'000);
    EXPECT_EQ(left().items, 1U);
    EXPECT_EQ(room_.hint().items, 1U);
}

TEST_F(RoomInAQueue, ends_at_max_bytes_however_many_items_there_are) {
    limits_.max_bytes = 100;
    put(50, 70);
    for (const Room& room : {left(), room_.hint()}) {
        EXPECT_EQ(room.items, UINT64_MAX);
        EXPECT_EQ(room.bytes, 30U);
        EXPECT_TRUE(room.has(1, 30));
        EXPECT_FALSE(room.has(1, 31));
    }
    put(1, 30);
    EXPECT_FALSE(left().has(1, 1));
    EXPECT_TRUE(left().has(1, 0)) << "an item without bytes";
    EXPECT_FALSE(room_.hint().has(1, 1));
    take(50, 70);
    EXPECT_EQ(left().bytes, 70U);
    EXPECT_EQ(room_.hint().bytes, 70U);
}

TEST_F(RoomInAQueue, is_there_only_when_both_limits_leave_some) {
    limits_.maxsize = 2;
    limits_.max_bytes = 10;
    put(1, 10);
    EXPECT_EQ(left().items, 1U);
    EXPECT_FALSE(left().has(1, 1)) << "no bytes";
    take(1, 10);
    put(2, 2);
    EXPECT_EQ(left().bytes, 8U);
    EXPECT_FALSE(left().has(1, 1)) << "no items";
    take(1, 1);
    EXPECT_TRUE(left().has(1, 9));
    EXPECT_FALSE(left().has(2, 9));
    EXPECT_FALSE(left().has(1, 10));
}

TEST_F(RoomInAQueue, is_never_there_for_an_item_larger_than_max_bytes) {
    limits_.max_bytes = 10;
    EXPECT_TRUE(left().has(1, 10)) << "the queue is empty";
    EXPECT_FALSE(left().has(1, 11));
    put(1, 10);
    take(1, 10);
    EXPECT_TRUE(left().has(1, 10)) << "it is empty again";
    EXPECT_FALSE(left().has(1, 11));
}

TEST_F(RoomInAQueue, is_counted_by_what_producers_saw_last_while_that_is_enough) {
    limits_.maxsize = 5;
    put(3, 3);
    take(3, 3);
    EXPECT_EQ(left(2).items, 2U) << "by the taken items that were seen, which are none";
    EXPECT_EQ(state_->seen_taken.load(), 0U) << "the consumers' count was not read";
    EXPECT_EQ(left(3).items, 5U) << "more than seemed free";
    EXPECT_EQ(state_->seen_taken.load(), 3U);
    put(5, 5);
    EXPECT_EQ(left().items, 0U) << "read again, and nothing was taken";
    take(1, 1);
    EXPECT_EQ(left().items, 1U) << "what was seen is old: read again";
    EXPECT_EQ(state_->seen_taken.load(), 4U);
}

TEST_F(RoomInAQueue, is_right_over_many_puts_and_takes) {
    limits_.maxsize = 7;
    std::uint64_t there = 0;
    for (int round = 0; round < 1000; ++round) {
        const std::uint64_t wanted = 1 + static_cast<std::uint64_t>(round) % 3;
        const Room room = left(wanted);
        ASSERT_EQ(room.has(wanted, 0), there + wanted <= 7) << round;
        ASSERT_LE(room.items, 7 - there) << round;
        if (room.has(wanted, 0)) {
            put(wanted, wanted);
            there += wanted;
        } else {
            take(4, 4);
            there -= 4;
        }
    }
}

// ---- counts that no correct participant writes -------------------------------------------------

TEST_F(RoomInAQueue, is_not_there_under_the_lock_when_more_items_were_taken_than_put) {
    limits_.maxsize = 5;
    put(5, 5);
    take(6, 5);
    EXPECT_FALSE(left().has(1, 0));
    EXPECT_EQ(state_->seen_taken.load(), 0U) << "the impossible count was not believed";
    EXPECT_THROW(require_full(), shm::Corrupt);
    EXPECT_TRUE(room_.hint().has(1, 0)) << "so that a caller comes to the lock";
}

TEST_F(RoomInAQueue, is_not_there_under_the_lock_when_more_bytes_were_taken_than_put) {
    limits_.max_bytes = 10;
    put(2, 5);
    take(2, 6);
    EXPECT_FALSE(left().has(1, 0));
    EXPECT_FALSE(left().has(0, 1));
    EXPECT_THROW(require_full(), shm::Corrupt);
    EXPECT_TRUE(room_.hint().has(1, 1)) << "so that a caller comes to the lock";
}

// Otherwise put() would see no room under the lock and room without it, for ever.
TEST_F(RoomInAQueue, is_counted_anew_when_more_items_were_seen_taken_than_put) {
    limits_.maxsize = 5;
    put(3, 5);
    take(3, 5);
    for (const std::uint64_t seen : {std::uint64_t{4}, std::uint64_t{8}, ~std::uint64_t{0}}) {
        state_->seen_taken.store(seen);
        EXPECT_TRUE(left().has(5, 0)) << seen;
        EXPECT_EQ(state_->seen_taken.load(), 3U);
    }
}

TEST_F(RoomInAQueue, that_is_used_up_is_no_sign_of_corruption) {
    limits_.maxsize = 2;
    limits_.max_bytes = 10;
    put(2, 10);
    EXPECT_FALSE(left().has(1, 0));
    EXPECT_NO_THROW(require_full());
    take(2, 10);
    EXPECT_NO_THROW(require_full());
}

}  // namespace
}  // namespace procession::inline v0::detail::queue
