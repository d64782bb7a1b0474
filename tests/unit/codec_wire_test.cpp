// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The MessagePack bytes themselves: what Writer writes and what Reader takes and refuses.

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "procession/codec.h"

namespace procession {
namespace {

std::string hex(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        const auto number = std::to_integer<unsigned>(byte);
        text += "0123456789abcdef"[number >> 4];
        text += "0123456789abcdef"[number & 15];
    }
    return text;
}

std::vector<std::byte> bytes_of(std::string_view text) {
    std::vector<std::byte> bytes;
    const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 87); };
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
    }
    return bytes;
}

template <class T>
std::string wire(const T& value) {
    Writer writer;
    encode(writer, value);
    return hex(writer.bytes());
}

template <class T>
T read(std::string_view text) {
    const auto bytes = bytes_of(text);
    Reader reader(bytes);
    T value = decode<T>(reader);
    reader.expect_end();
    return value;
}

template <class T>
std::string refusal(std::string_view text) {
    try {
        (void)read<T>(text);
    } catch (const DecodeError& error) {
        return error.what();
    }
    return "(accepted)";
}

TEST(CodecWire, integers_take_their_smallest_encoding) {
    EXPECT_EQ(wire(0), "00");
    EXPECT_EQ(wire(127), "7f");
    EXPECT_EQ(wire(128), "cc80");
    EXPECT_EQ(wire(255), "ccff");
    EXPECT_EQ(wire(256), "cd0100");
    EXPECT_EQ(wire(65535), "cdffff");
    EXPECT_EQ(wire(65536), "ce00010000");
    EXPECT_EQ(wire(std::int64_t{0xffffffff}), "ceffffffff");
    EXPECT_EQ(wire(std::int64_t{0x100000000}), "cf0000000100000000");
    EXPECT_EQ(wire(std::numeric_limits<std::uint64_t>::max()), "cfffffffffffffffff");
    EXPECT_EQ(wire(-1), "ff");
    EXPECT_EQ(wire(-32), "e0");
    EXPECT_EQ(wire(-33), "d0df");
    EXPECT_EQ(wire(-128), "d080");
    EXPECT_EQ(wire(-129), "d1ff7f");
    EXPECT_EQ(wire(-32768), "d18000");
    EXPECT_EQ(wire(-32769), "d2ffff7fff");
    EXPECT_EQ(wire(std::numeric_limits<std::int32_t>::min()), "d280000000");
    EXPECT_EQ(wire(std::int64_t{-2147483649}), "d3ffffffff7fffffff");
    EXPECT_EQ(wire(std::numeric_limits<std::int64_t>::min()), "d38000000000000000");
}

TEST(CodecWire, everything_else_is_what_python_msgpack_writes) {
    EXPECT_EQ(wire(true), "c3");
    EXPECT_EQ(wire(false), "c2");
    EXPECT_EQ(wire(1.5), "cb3ff8000000000000");
    EXPECT_EQ(wire(1.5F), "ca3fc00000");
    EXPECT_EQ(wire(std::string("abc")), "a3616263");
    EXPECT_EQ(wire(std::string(32, 'x')).substr(0, 6), "d92078");
    EXPECT_EQ(wire(std::string(256, 'x')).substr(0, 8), "da010078");
    EXPECT_EQ(wire(std::string(65536, 'x')).substr(0, 12), "db0001000078");
    EXPECT_EQ(wire(std::vector<std::byte>{std::byte{1}}), "c40101");
    EXPECT_EQ(wire(std::vector<std::byte>(256)).substr(0, 8), "c5010000");
    EXPECT_EQ(wire(std::vector<std::byte>(65536)).substr(0, 12), "c60001000000");
    EXPECT_EQ(wire(std::vector<int>{1, 2}), "920102");
    EXPECT_EQ(wire(std::vector<int>(16)).substr(0, 8), "dc001000");
    EXPECT_EQ(wire(std::vector<int>(65536)).substr(0, 12), "dd0001000000");
    EXPECT_EQ(wire(std::map<std::string, int>{{"a", 1}, {"b", -1}}), "82a16101a162ff");
    EXPECT_EQ(wire(std::optional<int>{}), "c0");
    EXPECT_EQ(wire(std::optional<int>{7}), "07");
    EXPECT_EQ(wire(std::variant<int, std::string>{"a"}), "9201a161");
    EXPECT_EQ(wire(std::tuple<int, std::string>{5, "a"}), "9205a161");
}

TEST(CodecWire, an_optional_of_an_optional_keeps_its_three_values_apart) {
    using Twice = std::optional<std::optional<int>>;
    EXPECT_EQ(wire(Twice{}), "c0");
    EXPECT_EQ(wire(Twice{std::optional<int>{}}), "91c0");
    EXPECT_EQ(wire(Twice{std::optional<int>{3}}), "9103");
    EXPECT_FALSE(read<Twice>("c0").has_value());
    EXPECT_FALSE(read<Twice>("91c0").value().has_value());
    EXPECT_EQ(read<Twice>("9103").value().value(), 3);
}

TEST(CodecWire, extensions_of_every_length_come_back) {
    for (const std::size_t length : {0, 1, 2, 3, 4, 8, 15, 16, 17, 255, 256, 65535, 65536}) {
        Writer writer;
        const std::vector<std::byte> payload(length, std::byte{9});
        writer.extension(-5, payload);
        Reader reader(writer.bytes());
        EXPECT_EQ(reader.peek(), Reader::Kind::extension);
        std::int8_t type = 0;
        const auto found = reader.extension(type);
        EXPECT_EQ(type, -5);
        EXPECT_EQ(hex(found), hex(payload));
        EXPECT_TRUE(reader.at_end());
    }
}

TEST(CodecWire, an_integer_of_any_width_is_taken_if_its_value_fits) {
    EXPECT_EQ(read<std::uint8_t>("cf00000000000000ff"), 255);
    EXPECT_EQ(read<std::int8_t>("d3ffffffffffffff80"), -128);
    EXPECT_EQ(read<std::int8_t>("cc7f"), 127);
    EXPECT_EQ(read<std::uint64_t>("d07f"), 127U);
    EXPECT_EQ(refusal<std::int8_t>("cc80"), refusal<std::int8_t>("cf0000000000000080"));
    EXPECT_NE(refusal<std::int8_t>("d1ff7f"), "(accepted)");
    EXPECT_NE(refusal<std::uint8_t>("cd0100"), "(accepted)");
    EXPECT_NE(refusal<std::uint64_t>("ff"), "(accepted)");
    EXPECT_NE(refusal<std::int64_t>("cf8000000000000000"), "(accepted)");
    EXPECT_NE(refusal<std::int32_t>("ce80000000"), "(accepted)");
    EXPECT_NE(refusal<int>("cb3ff0000000000000"), "(accepted)");
    EXPECT_NE(refusal<int>("c3"), "(accepted)");
}

TEST(CodecWire, a_real_takes_integers_and_both_widths_but_no_overflow) {
    EXPECT_EQ(read<double>("05"), 5.0);
    EXPECT_EQ(read<double>("ff"), -1.0);
    EXPECT_EQ(read<double>("ca3fc00000"), 1.5);
    EXPECT_EQ(read<float>("cb3ff8000000000000"), 1.5F);
    EXPECT_EQ(read<float>("cb7ff0000000000000"), std::numeric_limits<float>::infinity());
    EXPECT_NE(refusal<float>("cb7fefffffffffffff"), "(accepted)");
    EXPECT_NE(refusal<double>("a131"), "(accepted)");
}

TEST(CodecWire, a_string_takes_python_bytes_too) {
    EXPECT_EQ(read<std::string>("c4026869"), "hi");
    EXPECT_NE(refusal<std::vector<std::byte>>("a26869"), "(accepted)");
}

TEST(CodecWire, a_refusal_says_what_was_expected_what_was_found_and_where) {
    EXPECT_NE(refusal<std::vector<std::string>>("92a16105")
                  .find("expected a string, found an integer at byte 3"),
              std::string::npos);
    EXPECT_NE(refusal<std::uint8_t>("cd0100").find(
                  "expected an unsigned integer of 8 bits, found 256 at byte 0"),
              std::string::npos);
}

TEST(CodecWire, a_huge_length_is_refused_before_anything_is_allocated) {
    for (const char* head :
         {"dbffffffff", "c6ffffffff", "ddffffffff", "dfffffffff", "c9ffffffff"}) {
        const auto bytes = bytes_of(std::string(head) + "000102030405");
        Reader strings(bytes);
        EXPECT_THROW((void)strings.string(), DecodeError);
        Reader binaries(bytes);
        EXPECT_THROW((void)binaries.binary(), DecodeError);
        Reader arrays(bytes);
        EXPECT_THROW((void)arrays.array(), DecodeError);
        Reader maps(bytes);
        EXPECT_THROW((void)maps.map(), DecodeError);
        Reader extensions(bytes);
        std::int8_t type = 0;
        EXPECT_THROW((void)extensions.extension(type), DecodeError);
    }
    EXPECT_NE(refusal<std::vector<int>>("930102"), "(accepted)");
    EXPECT_NE((refusal<std::map<int, int>>("82010203")), "(accepted)");
}

TEST(CodecWire, the_reserved_byte_and_the_empty_message_are_refused) {
    EXPECT_NE(refusal<int>("c1"), "(accepted)");
    EXPECT_NE(refusal<bool>("c1"), "(accepted)");
    EXPECT_NE(refusal<int>(""), "(accepted)");
    EXPECT_NE(refusal<std::optional<int>>(""), "(accepted)");
    EXPECT_NE(refusal<int>("0101"), "(accepted)");
}

struct Tree {
    std::vector<Tree> branches;
};

TEST(CodecWire, a_hundred_thousand_nested_arrays_are_an_error_and_no_stack_overflow) {
    const std::vector<std::byte> bytes(100000, std::byte{0x91});
    Reader reader(bytes);
    EXPECT_THROW((void)decode<Tree>(reader), DecodeError);
}

TEST(CodecWire, what_is_too_deep_to_be_read_is_not_written_either) {
    Tree tree;
    for (int i = 0; i < 31; ++i) {
        Tree parent;
        parent.branches.push_back(std::move(tree));
        tree = std::move(parent);
    }
    Writer writer;
    encode(writer, tree);
    Reader reader(writer.bytes());
    EXPECT_NO_THROW((void)decode<Tree>(reader));

    Tree parent;
    parent.branches.push_back(std::move(tree));
    Writer too_deep;
    EXPECT_THROW(encode(too_deep, parent), EncodeError);
}

TEST(CodecWire, a_moved_writer_takes_its_bytes_along) {
    for (const std::size_t length : {10, 10000}) {
        Writer first;
        first.string(std::string(length, 'x'));
        const std::string expected = hex(first.bytes());
        Writer second(std::move(first));
        EXPECT_EQ(hex(second.bytes()), expected);
        Writer third;
        third.binary(std::vector<std::byte>(length * 3));
        third = std::move(second);
        EXPECT_EQ(hex(third.bytes()), expected);
        third.clear();
        EXPECT_TRUE(third.bytes().empty());
        third.nil();
        EXPECT_EQ(hex(third.bytes()), "c0");
    }
}

}  // namespace
}  // namespace procession
