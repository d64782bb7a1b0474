// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/dead_letters.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "procession/dead_letter.h"
#include "procession/detail/codec/format.h"
#include "queue/records.h"
#include "shm/block_pool.h"
#include "shm/corrupt.h"
#include "shm/layout.h"
#include "unit/queue_parts.h"

namespace procession::inline v0::detail::queue {
namespace {

using shm::BlockState;
using testing::QueueParts;

constexpr std::size_t kReasonMax = 4096;
// Where a letter's block has its lengths.
constexpr std::size_t kPayloadBytesAt = 8;
constexpr std::size_t kReasonBytesAt = 16;

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

class Letters : public ::testing::Test {
  protected:
    /// A letter, with that number, in a block of its own that is no larger than it needs.
    std::uint32_t keep(const DeadLetters::Content& content, std::uint64_t number) {
        const std::uint64_t units =
            (content.bytes_needed() + shm::kUnitBytes - 1) / shm::kUnitBytes;
        const std::uint32_t block = parts_.block(static_cast<std::uint32_t>(units));
        letters_.write(block, content);
        letters_.set_number(parts_.memory(), block, number);
        parts_.pool().set(block, BlockState::dead_letter, 0);
        return block;
    }
    std::vector<DeadLetter> look() { return letters_.read_all(parts_.memory(), false); }
    std::vector<DeadLetter> take() { return letters_.read_all(parts_.memory(), true); }
    /// Whether the only letter can be read when one of its lengths is another one.
    template <class Length>
    bool is_read_with(std::uint32_t block, std::size_t at, Length length) {
        std::byte* const word = parts_.pool().memory(block) + at;
        Length truth = 0;
        std::memcpy(&truth, word, sizeof truth);
        std::memcpy(word, &length, sizeof length);
        bool is_read = true;
        try {
            static_cast<void>(look());
        } catch (const shm::Corrupt&) {
            is_read = false;
        }
        std::memcpy(word, &truth, sizeof truth);
        return is_read;
    }

    QueueParts parts_;
    DeadLetters& letters_ = parts_.letters();
};

TEST_F(Letters, keep_the_reason_the_bytes_the_format_and_the_deliveries) {
    const auto payload = bytes_of("the item");
    keep({Format::msgpack, payload, 3, "it was wrong"}, 9);
    const auto found = look();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].reason, "it was wrong");
    EXPECT_EQ(found[0].bytes, payload);
    EXPECT_EQ(found[0].format, Format::msgpack);
    EXPECT_EQ(found[0].deliveries, 3U);
    EXPECT_EQ(found[0].number, 9U);
}

TEST_F(Letters, may_have_no_bytes_or_an_empty_reason) {
    const auto payload = bytes_of("the item");
    keep({Format::raw, {}, 1, "empty"}, 1);
    keep({Format::raw, payload, 1, std::string_view{}}, 2);
    const auto found = look();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].reason, "empty");
    EXPECT_TRUE(found[0].bytes.empty());
    EXPECT_EQ(found[1].reason, "");
    EXPECT_EQ(found[1].bytes, payload);
}

TEST_F(Letters, cut_a_reason_that_is_too_long_and_keep_all_bytes) {
    const auto payload = bytes_of("the item");
    const std::string longest(kReasonMax, 'x');
    const DeadLetters::Content whole{Format::raw, payload, 1, longest};
    const std::string too_long = longest + "y";
    const DeadLetters::Content cut{Format::raw, payload, 1, too_long};
    EXPECT_EQ(cut.bytes_needed(), whole.bytes_needed());
    keep(whole, 1);
    keep(cut, 2);
    const auto found = look();
    ASSERT_EQ(found.size(), 2U);
    for (const DeadLetter& each : found) {
        EXPECT_EQ(each.reason, longest);
        EXPECT_EQ(each.bytes, payload);
    }
}

TEST_F(Letters, need_exactly_the_bytes_that_they_say) {
    const std::uint64_t header = DeadLetters::Content{}.bytes_needed();
    const std::vector<std::byte> payload(2 * shm::kUnitBytes - header - 2, std::byte{7});
    const DeadLetters::Content content{Format::raw, payload, 1, "no"};
    ASSERT_EQ(content.bytes_needed(), 2 * shm::kUnitBytes);
    const std::uint32_t block = keep(content, 1);
    const std::uint32_t behind = parts_.block(1);
    ASSERT_EQ(behind, block + 2) << "the block is exactly filled";
    std::memset(parts_.pool().memory(behind), 0x55, shm::kUnitBytes);
    letters_.write(block, content);
    letters_.set_number(parts_.memory(), block, 1);
    for (std::size_t i = 0; i < shm::kUnitBytes; ++i) {
        ASSERT_EQ(parts_.pool().memory(behind)[i], std::byte{0x55}) << i;
    }
    EXPECT_EQ(look().at(0).bytes, payload);
}

TEST_F(Letters, are_shown_by_their_numbers_wherever_they_lie) {
    for (const std::uint64_t number : {3U, 1U, 4U, 2U}) {
        const std::string reason = std::to_string(number);
        keep({Format::raw, {}, 1, reason}, number);
    }
    std::string order;
    for (const DeadLetter& each : look()) order += each.reason;
    EXPECT_EQ(order, "1234");
}

TEST_F(Letters, stay_when_they_are_looked_at_and_go_when_they_are_taken) {
    const std::uint32_t used = parts_.pool().units_used();
    const std::uint32_t block = keep({Format::raw, {}, 1, "no"}, 1);
    EXPECT_EQ(look().size(), 1U);
    EXPECT_EQ(look().size(), 1U);
    EXPECT_EQ(take().size(), 1U);
    EXPECT_EQ(parts_.pool().block(block).state, BlockState::free);
    EXPECT_EQ(parts_.pool().units_used(), used);
    EXPECT_TRUE(take().empty());
}

TEST_F(Letters, are_the_blocks_that_say_so_and_no_others) {
    const std::uint32_t block = keep({Format::raw, {}, 1, "no"}, 1);
    for (const BlockState other : {BlockState::owned, BlockState::queued, BlockState::held}) {
        parts_.pool().set(block, other, 1);
        EXPECT_TRUE(take().empty());
        EXPECT_EQ(parts_.pool().block(block).state, other);
    }
    parts_.pool().set(block, BlockState::dead_letter, 0);
    EXPECT_EQ(take().size(), 1U);
}

TEST_F(Letters, with_a_length_that_their_block_has_no_room_for_are_corrupt) {
    const auto payload = bytes_of("the item");
    const std::uint32_t block = keep({Format::raw, payload, 1, "no"}, 1);
    const std::uint64_t room = shm::kUnitBytes - DeadLetters::Content{}.bytes_needed();
    const std::uint64_t payload_max = room - 2;
    EXPECT_TRUE(is_read_with(block, kPayloadBytesAt, payload_max));
    for (const std::uint64_t bad : {payload_max + 1, room + 1, UINT64_MAX - 1, UINT64_MAX}) {
        EXPECT_FALSE(is_read_with(block, kPayloadBytesAt, bad)) << bad;
    }
    const auto reason_max = static_cast<std::uint32_t>(room - payload.size());
    EXPECT_TRUE(is_read_with(block, kReasonBytesAt, reason_max));
    for (const std::uint32_t bad :
         {reason_max + 1, static_cast<std::uint32_t>(room) + 1, UINT32_MAX}) {
        EXPECT_FALSE(is_read_with(block, kReasonBytesAt, bad)) << bad;
    }
}

TEST_F(Letters, that_cannot_be_read_are_not_taken) {
    const std::uint32_t block = keep({Format::raw, {}, 1, "no"}, 1);
    const std::uint64_t bad = UINT64_MAX;
    std::memcpy(parts_.pool().memory(block) + kPayloadBytesAt, &bad, sizeof bad);
    EXPECT_THROW(static_cast<void>(take()), shm::Corrupt);
    EXPECT_EQ(parts_.pool().block(block).state, BlockState::dead_letter);
}

}  // namespace
}  // namespace procession::inline v0::detail::queue
