// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Bytes that no correct writer wrote: they are a value or a DecodeError, and never cost much
// memory.

#include <gtest/gtest.h>

#include <algorithm>
#include <bitset>
#include <complex>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <random>
#include <set>
#include <unordered_map>
#include <variant>

#include "procession/codec.h"

namespace procession {
namespace {

std::size_t allocated = 0;  // since the last reset, in bytes, whether freed or not

template <class T>
struct Counting {
    using value_type = T;
    Counting() = default;
    template <class U>
    Counting(const Counting<U>&) {}  // NOLINT
    T* allocate(std::size_t count) {
        allocated += count * sizeof(T);
        return std::allocator<T>().allocate(count);
    }
    void deallocate(T* memory, std::size_t count) { std::allocator<T>().deallocate(memory, count); }
    friend bool operator==(const Counting&, const Counting&) { return true; }
};

template <class T>
using Vector = std::vector<T, Counting<T>>;
using String = std::basic_string<char, std::char_traits<char>, Counting<char>>;
template <class V>
using Map = std::map<String, V, std::less<>, Counting<std::pair<const String, V>>>;

enum class Colour : bool { no, yes };

struct Leaf {
    std::uint8_t small;
    bool flag;
    Colour colour;
    float real;
};

struct Rich {
    std::uint64_t id;
    String name;
    Vector<double> numbers;
    Vector<std::byte> bytes;
    Map<int> counts;
    std::optional<int> maybe;
    std::optional<std::optional<int>> twice;
    Leaf leaf;
    Vector<Leaf> leaves;
    std::variant<std::monostate, int, String> either;
    Vector<Rich> children;
    std::tuple<bool, std::int16_t> pair;
    char text[5];
    int grid[2][2];
    std::set<int> set;
    std::unordered_map<int, std::string> table;
    std::chrono::milliseconds time;
    std::complex<float> complex;
    std::bitset<9> bits;
    std::vector<bool> bools;
    std::filesystem::path path;
    std::list<std::unique_ptr<int>> list;
};

Rich sample(int depth) {
    Rich rich{};
    rich.id = 123456789012345;
    rich.name = "a name that does not fit into the string itself";
    rich.numbers = {1.5, -2.5, 0};
    rich.bytes.resize(20, std::byte{7});
    rich.counts = {{"one", 1}, {"two", -70000}};
    rich.maybe = 5;
    rich.twice = std::optional<int>{};
    rich.leaves.resize(3, Leaf{1, true, Colour::yes, 0.5F});
    rich.either = String("either");
    rich.set = {1, 2, 300};
    rich.table = {{1, "x"}};
    rich.bits = 0x155;
    rich.bools = {true, false};
    rich.path = "/tmp/x";
    rich.list.push_back(std::make_unique<int>(3));
    rich.list.push_back(nullptr);
    for (int i = 0; i < depth; ++i) rich.children.push_back(sample(depth - 1));
    return rich;
}

std::vector<std::byte> sample_bytes() {
    Writer scratch;
    Format format{};
    const auto bytes = encode_message(sample(1), scratch, format);
    return {bytes.begin(), bytes.end()};
}

// Whether the bytes were a value. The memory asked for is bounded by the size of the message: an
// element of one byte may stand for one object of the widest element type.
bool survives(std::span<const std::byte> bytes) {
    allocated = 0;
    bool accepted = false;
    try {
        const Rich rich = decode_message<Rich>(Format::msgpack, bytes);
        Writer again;
        encode(again, rich);
        accepted = true;
    } catch (const DecodeError&) {}
    EXPECT_LE(allocated, 64 * bytes.size() + 2 * sizeof(Rich));
    return accepted;
}

TEST(CodecHostile, a_rich_message_comes_back_with_the_same_bytes) {
    const auto bytes = sample_bytes();
    const Rich rich = decode_message<Rich>(Format::msgpack, bytes);
    Writer again;
    encode(again, rich);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), again.bytes().begin(), again.bytes().end()));
}

TEST(CodecHostile, a_message_cut_at_any_byte_is_refused) {
    const auto bytes = sample_bytes();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_FALSE(survives(std::span(bytes).first(length))) << length;
    }
}

TEST(CodecHostile, two_hundred_thousand_mutated_messages_are_values_or_errors) {
    const auto original = sample_bytes();
    std::mt19937 random(20260101);
    const auto below = [&](std::size_t limit) { return random() % limit; };
    constexpr unsigned char heads[] = {0xc0, 0xc1, 0xc2, 0xc6, 0xc9, 0xca, 0xcb, 0xcf, 0xd3,
                                       0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0x9f, 0x8f, 0xbf, 0xff};
    int accepted = 0;
    std::vector<std::byte> bytes;
    for (int round = 0; round < 200000; ++round) {
        bytes = original;
        for (std::size_t changes = 1 + below(4); changes != 0; --changes) {
            const std::size_t at = below(bytes.size());
            switch (below(5)) {
                case 0: bytes[at] ^= static_cast<std::byte>(1U << below(8)); break;
                case 1: bytes[at] = static_cast<std::byte>(random() & 0xff); break;
                case 2: bytes[at] = static_cast<std::byte>(heads[below(sizeof(heads))]); break;
                case 3: bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at)); break;
                default: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes[at]);
            }
        }
        accepted += survives(bytes) ? 1 : 0;
    }
    EXPECT_GT(accepted, 1000);
    EXPECT_LT(accepted, 199000);
}

TEST(CodecHostile, random_bytes_are_values_or_errors_for_every_type) {
    std::mt19937 random(7);
    for (int round = 0; round < 20000; ++round) {
        std::byte bytes[24];
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
        const auto attempt = [&]<class T>(std::type_identity<T>) {
            Reader reader(bytes);
            try {
                (void)decode<T>(reader);
            } catch (const DecodeError&) {}
        };
        attempt(std::type_identity<long double>{});
        attempt(std::type_identity<std::vector<std::string>>{});
        attempt(std::type_identity<std::unordered_map<int, double>>{});
        attempt(std::type_identity<std::variant<int, bool, std::string>>{});
        attempt(std::type_identity<Leaf>{});
    }
}

TEST(CodecHostile, many_elements_of_one_byte_do_not_reserve_room_for_the_widest_type) {
    // A million empty arrays where structs of hundreds of bytes are expected: the first is refused.
    std::vector<std::byte> bytes(1000005, std::byte{0x90});
    bytes[0] = std::byte{0xdd};
    bytes[1] = std::byte{0x00};
    bytes[2] = std::byte{0x0f};
    bytes[3] = std::byte{0x42};
    bytes[4] = std::byte{0x40};
    Reader reader(bytes);
    allocated = 0;
    EXPECT_THROW((void)decode<Vector<Rich>>(reader), DecodeError);
    EXPECT_LE(allocated, 5 * bytes.size());
}

}  // namespace
}  // namespace procession
