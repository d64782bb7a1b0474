// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "procession/detail/heap_bytes.h"
#include "procession/error.h"

namespace procession::inline v0 {

/// How deep arrays, maps and objects may nest in one message. The limit applies to writers and
/// readers: a message that can be written can be read, and a hostile one cannot exhaust the
/// reader's stack.
inline constexpr int nesting_max = 64;

/// An append-only buffer of MessagePack objects.
///
/// Up to `inline_bytes` are stored in the object itself, more on the heap. Integers and lengths get
/// their smallest encoding. Throws EncodeError for a length that MessagePack cannot express, and
/// for values that are nested deeper than `nesting_max`.
///
/// Threads:    one at a time.
class Writer {
  public:
    static constexpr std::size_t inline_bytes = 256;

    Writer() noexcept = default;
    ~Writer() = default;
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    Writer(Writer&& other) noexcept { take(other); }
    Writer& operator=(Writer&& other) noexcept {
        if (this != &other) take(other);
        return *this;
    }

    void nil() { head(0xc0); }
    void boolean(bool value) { head(value ? 0xc3 : 0xc2); }

    template <std::integral T>
        requires(sizeof(T) <= 8)
    void integer(T value) {
        if constexpr (std::is_signed_v<T>) {
            if (value < 0) return negative(value);
        }
        non_negative(static_cast<std::uint64_t>(value));
    }

    void real(float value) { headed(0xca, std::bit_cast<std::uint32_t>(value)); }
    void real(double value) { headed(0xcb, std::bit_cast<std::uint64_t>(value)); }

    /// MessagePack str. Any bytes are allowed; only UTF-8 is text to Python.
    void string(std::string_view text) {
        const std::uint32_t length = checked(text.size(), "a string");
        if (length < 32) {
            head(0xa0 | length);
        } else {
            sized(0xd9, length);
        }
        raw({reinterpret_cast<const std::byte*>(text.data()), text.size()});
    }
    void binary(std::span<const std::byte> bytes) {
        sized(0xc4, checked(bytes.size(), "a binary"));
        raw(bytes);
    }

    /// The head of an array; `count` objects must follow.
    void array(std::size_t count) { container(0x90, 0xdc, checked(count, "an array")); }

    /// The head of a map; `count` keys, each followed by its value, must follow.
    void map(std::size_t count) { container(0x80, 0xde, checked(count, "a map")); }

    void extension(std::int8_t type, std::span<const std::byte> bytes) {
        const std::uint32_t length = checked(bytes.size(), "an extension");
        if (length != 0 && length <= 16 && std::has_single_bit(length)) {
            head(0xd4 + static_cast<unsigned>(std::countr_zero(length)));
        } else {
            sized(0xc7, length);
        }
        head(static_cast<std::uint8_t>(type));
        raw(bytes);
    }

    /// Appends bytes as they are.
    void raw(std::span<const std::byte> bytes) {
        if (bytes.empty()) return;
        std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
    }

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return {heap_ ? heap_.get() : inline_, size_};
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Removes the bytes, but keeps the memory.
    void clear() noexcept { size_ = 0; }

    /// Exists while the parts of an object are written. Throws EncodeError when they nest too deep.
    class Nested {
      public:
        explicit Nested(Writer& writer) : writer_(writer) {
            if (writer.depth_ == nesting_max) {
                throw EncodeError("encode", "", "the value is nested more than 64 levels deep");
            }
            ++writer.depth_;
        }
        ~Nested() { --writer_.depth_; }
        Nested(const Nested&) = delete;
        Nested& operator=(const Nested&) = delete;

      private:
        Writer& writer_;
    };

  private:
    static std::uint32_t checked(std::size_t length, std::string_view what) {
        if (length > std::numeric_limits<std::uint32_t>::max()) {
            throw EncodeError("encode", what, "longer than MessagePack allows (2^32 - 1)");
        }
        return static_cast<std::uint32_t>(length);
    }

    void head(unsigned first_byte) { *grow(1) = static_cast<std::byte>(first_byte); }

    // Writes a head byte and the big-endian number that follows it.
    template <std::unsigned_integral U>
    void headed(unsigned first_byte, U value) {
        std::byte* out = grow(1 + sizeof(U));
        out[0] = static_cast<std::byte>(first_byte);
        for (std::size_t i = 0; i < sizeof(U); ++i) {
            out[1 + i] = static_cast<std::byte>(value >> (8 * (sizeof(U) - 1 - i)));
        }
    }

    void non_negative(std::uint64_t value) {
        if (value < 0x80) {
            head(static_cast<unsigned>(value));
        } else if (value <= 0xff) {
            headed(0xcc, static_cast<std::uint8_t>(value));
        } else if (value <= 0xffff) {
            headed(0xcd, static_cast<std::uint16_t>(value));
        } else if (value <= 0xffffffff) {
            headed(0xce, static_cast<std::uint32_t>(value));
        } else {
            headed(0xcf, value);
        }
    }

    void negative(std::int64_t value) {
        if (value >= -32) {
            head(static_cast<std::uint8_t>(value));
        } else if (value >= std::numeric_limits<std::int8_t>::min()) {
            headed(0xd0, static_cast<std::uint8_t>(value));
        } else if (value >= std::numeric_limits<std::int16_t>::min()) {
            headed(0xd1, static_cast<std::uint16_t>(value));
        } else if (value >= std::numeric_limits<std::int32_t>::min()) {
            headed(0xd2, static_cast<std::uint32_t>(value));
        } else {
            headed(0xd3, static_cast<std::uint64_t>(value));
        }
    }

    // Writes the head of a str, bin or ext, with a length of 8, 16 or 32 bits.
    void sized(unsigned head_for_8_bits, std::uint32_t length) {
        if (length <= 0xff) {
            headed(head_for_8_bits, static_cast<std::uint8_t>(length));
        } else if (length <= 0xffff) {
            headed(head_for_8_bits + 1, static_cast<std::uint16_t>(length));
        } else {
            headed(head_for_8_bits + 2, length);
        }
    }

    void container(unsigned small_head, unsigned head_for_16_bits, std::uint32_t count) {
        if (count < 16) {
            head(small_head | count);
        } else if (count <= 0xffff) {
            headed(head_for_16_bits, static_cast<std::uint16_t>(count));
        } else {
            headed(head_for_16_bits + 1, count);
        }
    }

    // Makes room for `count` bytes at the end and returns where they start.
    std::byte* grow(std::size_t count) {
        if (count > capacity_ - size_) enlarge(count);
        std::byte* start = (heap_ ? heap_.get() : inline_) + size_;
        size_ += count;
        return start;
    }

    void enlarge(std::size_t count) {
        const std::size_t needed = size_ + count;
        const std::size_t capacity = needed > 2 * capacity_ ? needed : 2 * capacity_;
        detail::HeapBytes larger(capacity);
        std::memcpy(larger.get(), bytes().data(), size_);
        heap_ = std::move(larger);
        capacity_ = capacity;
    }

    void take(Writer& other) noexcept {
        heap_ = std::move(other.heap_);
        capacity_ = std::exchange(other.capacity_, inline_bytes);
        size_ = std::exchange(other.size_, 0);
        depth_ = 0;
        if (!heap_) std::memcpy(inline_, other.inline_, size_);
    }

    std::size_t size_ = 0;
    std::size_t capacity_ = inline_bytes;
    int depth_ = 0;
    detail::HeapBytes heap_;
    std::byte inline_[inline_bytes];
};

}  // namespace procession::inline v0
