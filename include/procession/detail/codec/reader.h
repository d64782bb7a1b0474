// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "procession/detail/codec/writer.h"
#include "procession/error.h"

namespace procession::inline v0 {

/// Reads MessagePack objects from bytes of another process.
///
/// Every length is compared with the number of bytes left before memory is allocated for it, so a
/// short message cannot cause a large allocation. Bytes that are not of the expected type cause a
/// DecodeError. The error's object() is the signature of that type; its text says what was
/// expected, what was found, and at which byte. Views point into the bytes that were given to the
/// constructor.
///
/// Threads:    one at a time.
class Reader {
  public:
    enum class Kind { nil, boolean, integer, real, string, binary, array, map, extension, invalid };

    explicit Reader(std::span<const std::byte> bytes, std::string_view object = {}) noexcept
        : bytes_(bytes), object_(object) {}

    [[nodiscard]] bool at_end() const noexcept { return position_ == bytes_.size(); }
    [[nodiscard]] std::size_t bytes_left() const noexcept { return bytes_.size() - position_; }
    [[nodiscard]] std::size_t position() const noexcept { return position_; }

    /// The type of the next object, without reading it. Throws DecodeError at the end.
    [[nodiscard]] Kind peek() const { return kind_of(peek_head("an object")); }

    /// Reads a nil if one is next; returns whether it did.
    [[nodiscard]] bool skip_nil() {
        if (peek() != Kind::nil) return false;
        ++position_;
        return true;
    }

    void nil() { expect_kind(Kind::nil, "nil"), ++position_; }

    [[nodiscard]] bool boolean() {
        expect_kind(Kind::boolean, "a boolean");
        return head() == 0xc3;
    }

    /// An integer that fits T.
    template <std::integral T>
        requires(sizeof(T) <= 8)
    [[nodiscard]] T integer() {
        const std::size_t start = position_;
        expect_kind(Kind::integer, "an integer");
        const Integer found = any_integer();
        if (found.negative) {
            const auto value = static_cast<std::int64_t>(found.bits);
            if (std::is_signed_v<T> && value >= std::int64_t{std::numeric_limits<T>::min()}) {
                return static_cast<T>(value);
            }
        } else if (found.bits <= static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
            return static_cast<T>(found.bits);
        }
        out_of_range(found, std::is_signed_v<T>, sizeof(T), start);
    }

    /// A real number. An integer is accepted too, because Python programs write 1 for 1.0.
    template <std::floating_point T>
    [[nodiscard]] T real() {
        const std::size_t start = position_;
        if (peek_head("a real number") == 0xcb) {
            ++position_;
            const double value = std::bit_cast<double>(big_endian<std::uint64_t>());
            constexpr auto largest = static_cast<double>(std::numeric_limits<T>::max());
            const bool is_finite = value - value == 0;
            if (is_finite && (value > largest || value < -largest)) {
                unexpected("a real number in the range of the type", "a larger one", start);
            }
            return static_cast<T>(value);
        }
        if (peek_head("a real number") == 0xca) {
            ++position_;
            return static_cast<T>(std::bit_cast<float>(big_endian<std::uint32_t>()));
        }
        expect_kind(Kind::integer, "a real number");
        const Integer found = any_integer();
        return found.negative ? static_cast<T>(static_cast<std::int64_t>(found.bits))
                              : static_cast<T>(found.bits);
    }

    /// The bytes of a str, or of a bin, which is how Python writes `bytes`.
    [[nodiscard]] std::string_view string_view() {
        const auto bytes = sequence(Kind::string, "a string");
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    [[nodiscard]] std::string string() { return std::string(string_view()); }
    [[nodiscard]] std::span<const std::byte> binary() {
        return sequence(Kind::binary, "binary data");
    }

    /// The number of objects in the array that starts here. At least so many bytes follow.
    [[nodiscard]] std::uint32_t array() { return count(Kind::array, 1, "an array"); }

    /// An array of exactly `expected` objects.
    void array_of(std::size_t expected) {
        const std::size_t start = position_;
        const std::uint32_t found = array();
        if (found != expected) {
            unexpected("an array of " + std::to_string(expected),
                       "an array of " + std::to_string(found), start);
        }
    }

    /// The number of pairs in the map that starts here. At least twice so many bytes follow.
    [[nodiscard]] std::uint32_t map() { return count(Kind::map, 2, "a map"); }

    [[nodiscard]] std::span<const std::byte> extension(std::int8_t& type) {
        expect_kind(Kind::extension, "an extension");
        const unsigned first = head();
        std::size_t length = 0;
        if (first >= 0xd4) {
            length = std::size_t{1} << (first - 0xd4);
        } else {
            length = length_after(first - 0xc7);
        }
        type = static_cast<std::int8_t>(big_endian<std::uint8_t>());
        return take(length);
    }

    /// Throws DecodeError when bytes are left.
    void expect_end() const {
        if (at_end()) return;
        fail("expected the end of the message, found " + std::to_string(bytes_left()) +
             " more bytes at byte " + std::to_string(position_));
    }

    [[noreturn]] void fail(std::string_view message) const {
        throw DecodeError("decode", object_, message);
    }

    /// Throws: "expected <expected>, found <found> at byte <position>".
    [[noreturn]] void unexpected(std::string_view expected, std::string_view found,
                                 std::size_t position) const {
        fail(std::string("expected ")
                 .append(expected)
                 .append(", found ")
                 .append(found)
                 .append(" at byte ")
                 .append(std::to_string(position)));
    }

    /// Exists while the parts of an object are read. Throws DecodeError when they nest too deep.
    class Nested {
      public:
        explicit Nested(Reader& reader) : reader_(reader) {
            if (reader.depth_ == nesting_max) {
                reader.unexpected("at most 64 levels", "a deeper one", reader.position_);
            }
            ++reader.depth_;
        }
        ~Nested() { --reader_.depth_; }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;

      private:
        Reader& reader_;
    };

  private:
    struct Integer {
        std::uint64_t bits;
        bool negative;
    };

    static Kind kind_of(unsigned first) {
        if (first < 0x80 || first >= 0xe0) return Kind::integer;
        if (first < 0x90) return Kind::map;
        if (first < 0xa0) return Kind::array;
        if (first < 0xc0) return Kind::string;
        constexpr Kind kinds[32] = {
            Kind::nil,       Kind::invalid,   Kind::boolean,   Kind::boolean,    // c0
            Kind::binary,    Kind::binary,    Kind::binary,    Kind::extension,  // c4
            Kind::extension, Kind::extension, Kind::real,      Kind::real,       // c8
            Kind::integer,   Kind::integer,   Kind::integer,   Kind::integer,    // cc
            Kind::integer,   Kind::integer,   Kind::integer,   Kind::integer,    // d0
            Kind::extension, Kind::extension, Kind::extension, Kind::extension,  // d4
            Kind::extension, Kind::string,    Kind::string,    Kind::string,     // d8
            Kind::array,     Kind::array,     Kind::map,       Kind::map};       // dc
        return kinds[first - 0xc0];
    }

    static std::string_view name_of(Kind kind) {
        constexpr std::string_view names[] = {
            "nil",          "a boolean",
            "an integer",   "a real",
            "a string",     "binary data",
            "an array",     "a map",
            "an extension", "the byte 0xc1, which starts nothing"};
        return names[static_cast<std::size_t>(kind)];
    }

    [[nodiscard]] unsigned peek_head(std::string_view expected) const {
        if (at_end()) unexpected(expected, "the end of the message", position_);
        return std::to_integer<unsigned>(bytes_[position_]);
    }
    unsigned head() { return std::to_integer<unsigned>(bytes_[position_++]); }

    void expect_kind(Kind expected, std::string_view name) const {
        const Kind found = kind_of(peek_head(name));
        if (found != expected) unexpected(name, name_of(found), position_);
    }

    std::span<const std::byte> take(std::size_t length) {
        if (length > bytes_left()) {
            unexpected(std::to_string(length) + " bytes", std::to_string(bytes_left()), position_);
        }
        const auto taken = bytes_.subspan(position_, length);
        position_ += length;
        return taken;
    }

    template <std::unsigned_integral U>
    U big_endian() {
        std::uint64_t value = 0;
        for (const std::byte byte : take(sizeof(U))) {
            value = (value << 8) | std::to_integer<std::uint64_t>(byte);
        }
        return static_cast<U>(value);
    }

    // 0, 1 and 2 stand for a length of 8, 16 and 32 bits.
    std::uint32_t length_after(unsigned width) {
        if (width == 0) return big_endian<std::uint8_t>();
        if (width == 1) return big_endian<std::uint16_t>();
        return big_endian<std::uint32_t>();
    }

    Integer any_integer() {
        const unsigned first = head();
        const auto widened = [](auto value) {
            const auto wide = static_cast<std::int64_t>(value);
            return Integer{static_cast<std::uint64_t>(wide), wide < 0};
        };
        switch (first) {
            case 0xcc: return {big_endian<std::uint8_t>(), false};
            case 0xcd: return {big_endian<std::uint16_t>(), false};
            case 0xce: return {big_endian<std::uint32_t>(), false};
            case 0xcf: return {big_endian<std::uint64_t>(), false};
            case 0xd0: return widened(static_cast<std::int8_t>(big_endian<std::uint8_t>()));
            case 0xd1: return widened(static_cast<std::int16_t>(big_endian<std::uint16_t>()));
            case 0xd2: return widened(static_cast<std::int32_t>(big_endian<std::uint32_t>()));
            case 0xd3: return widened(static_cast<std::int64_t>(big_endian<std::uint64_t>()));
            default: return widened(static_cast<std::int8_t>(first));
        }
    }

    [[noreturn]] void out_of_range(Integer found, bool is_signed, std::size_t size,
                                   std::size_t start) const {
        const std::string expected = std::string(is_signed ? "a signed" : "an unsigned") +
                                     " integer of " + std::to_string(8 * size) + " bits";
        unexpected(expected,
                   found.negative ? std::to_string(static_cast<std::int64_t>(found.bits))
                                  : std::to_string(found.bits),
                   start);
    }

    std::span<const std::byte> sequence(Kind expected, std::string_view name) {
        const Kind found = kind_of(peek_head(name));
        const bool bytes_as_string = expected == Kind::string && found == Kind::binary;
        if (found != expected && !bytes_as_string) unexpected(name, name_of(found), position_);
        const unsigned first = head();
        if (first < 0xc0) return take(first & 0x1f);
        return take(length_after(first - (found == Kind::binary ? 0xc4 : 0xd9)));
    }

    std::uint32_t count(Kind expected, std::size_t bytes_each, std::string_view name) {
        const std::size_t start = position_;
        expect_kind(expected, name);
        const unsigned first = head();
        std::uint32_t found = first & 0xf;
        if (first >= 0xc0) found = length_after(1 + (first & 1));
        if (found > bytes_left() / bytes_each) {
            unexpected("enough bytes for " + std::to_string(found) + " elements",
                       std::to_string(bytes_left()) + " bytes", start);
        }
        return found;
    }

    std::span<const std::byte> bytes_;
    std::string_view object_;
    std::size_t position_ = 0;
    int depth_ = 0;
};

}  // namespace procession::inline v0
