// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/frames.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "procession/error.h"

// The wire format of a connection, without a connection.

namespace procession::testing {

using namespace detail;
namespace {

using connection::FrameHead;
using connection::FrameReader;
using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

Bytes head_of(std::uint64_t length) {
    const FrameHead head(length);
    return {head.bytes().begin(), head.bytes().end()};
}

Bytes frame_of(const Bytes& message) {
    Bytes frame = head_of(message.size());
    frame.insert(frame.end(), message.begin(), message.end());
    return frame;
}

/// Feeds the bytes in pieces of at most `piece` bytes. Returns: how many were taken.
std::size_t feed(FrameReader& reader, std::span<const std::byte> bytes, std::size_t piece,
                 std::span<std::byte> space = {}) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !reader.is_complete() && !reader.is_malformed()) {
        const auto room = reader.room(space);
        EXPECT_FALSE(room.empty());
        const std::size_t count = std::min({piece, room.size(), bytes.size() - taken});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(taken), count, room.begin());
        reader.advance(count);
        taken += count;
    }
    return taken;
}

TEST(FrameHead, is_four_bytes_for_messages_below_two_gib_and_twelve_for_longer_ones) {
    EXPECT_EQ(head_of(258), bytes_of(std::string_view("\0\0\1\2", 4)));
    EXPECT_EQ(head_of(0x7fffffff), bytes_of("\x7f\xff\xff\xff"));
    EXPECT_EQ(head_of(0x80000000),
              bytes_of(std::string_view("\xff\xff\xff\xff\0\0\0\0\x80\0\0\0", 12)));
}

TEST(FrameReader, gives_the_message_in_whatever_pieces_the_frame_arrives) {
    const Bytes message = bytes_of("a message");
    for (const std::size_t piece : {1U, 2U, 3U, 5U, 100U}) {
        FrameReader reader;
        EXPECT_FALSE(reader.has_begun());
        EXPECT_EQ(feed(reader, frame_of(message), piece), message.size() + 4);
        ASSERT_TRUE(reader.is_complete());
        EXPECT_EQ(reader.take_message(), message);
    }
}

TEST(FrameReader, takes_nothing_of_the_next_frame) {
    const Bytes message = bytes_of("first");
    Bytes frames = frame_of(message);
    const Bytes next = frame_of(bytes_of("second"));
    frames.insert(frames.end(), next.begin(), next.end());
    FrameReader reader;
    EXPECT_EQ(feed(reader, frames, 100), message.size() + 4);
    EXPECT_EQ(reader.take_message(), message);
}

TEST(FrameReader, is_complete_after_the_head_of_an_empty_message) {
    FrameReader reader;
    feed(reader, head_of(0), 4);
    EXPECT_TRUE(reader.is_complete());
    EXPECT_TRUE(reader.take_message().empty());
}

TEST(FrameReader, puts_a_message_that_fits_into_the_space_of_the_caller) {
    const Bytes message = bytes_of("fits");
    Bytes space(message.size());
    FrameReader reader;
    feed(reader, frame_of(message), 3, space);
    ASSERT_TRUE(reader.is_complete());
    EXPECT_EQ(space, message);
    EXPECT_TRUE(reader.take_message().empty());
}

TEST(FrameReader, continues_in_its_own_memory_when_the_space_of_the_caller_is_gone) {
    const Bytes message = bytes_of("in two calls");
    const Bytes frame = frame_of(message);
    Bytes space(message.size());
    FrameReader reader;
    const std::size_t taken = feed(reader, std::span(frame).first(9), 9, space);
    ASSERT_EQ(taken, 9U);
    reader.save(space);
    std::ranges::fill(space, std::byte{0});
    feed(reader, std::span(frame).subspan(taken), 100, space);
    ASSERT_TRUE(reader.is_complete());
    EXPECT_EQ(reader.take_message(), message);
}

TEST(FrameReader, allocates_no_more_than_the_bytes_that_came_make_believable) {
    FrameReader reader;
    feed(reader, head_of(std::uint64_t{1} << 60), 12);
    ASSERT_TRUE(reader.has_length());
    EXPECT_EQ(reader.length(), std::uint64_t{1} << 60);
    std::uint64_t got = 0;
    for (int i = 0; i < 5; ++i) {
        const auto room = reader.room({});
        EXPECT_LE(got + room.size(), 2 * got + (1 << 20));
        reader.advance(room.size());
        got += room.size();
    }
}

TEST(FrameReader, refuses_a_negative_length_but_minus_one) {
    FrameReader reader;
    feed(reader, bytes_of("\xff\xff\xff\xfe"), 4);
    EXPECT_TRUE(reader.is_malformed());
    FrameReader longer;
    feed(longer, bytes_of(std::string_view("\xff\xff\xff\xff\0\0\0\0\0\0\0\1x", 13)), 5);
    EXPECT_FALSE(longer.is_malformed());
    EXPECT_EQ(longer.take_message(), bytes_of("x"));
}

TEST(DepositKey, names_the_same_deposit_when_it_is_decoded) {
    DepositKey name{.broker = "where it listens"};
    name.token[3] = std::byte{7};
    EXPECT_EQ(connection::decode_deposit_key(connection::encode_deposit_key(name)), name);
}

TEST(DepositKey, without_an_address_is_refused) {
    const Bytes key = connection::encode_deposit_key({});
    EXPECT_THROW(static_cast<void>(connection::decode_deposit_key(key)), DecodeError);
    EXPECT_THROW(static_cast<void>(connection::decode_deposit_key({})), DecodeError);
}

}  // namespace
}  // namespace procession::testing
