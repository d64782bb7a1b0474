// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "procession/detail/handle_deposit.h"

/// The wire format of a connection. Nothing here calls the system.
///
/// A frame is a message with its length in front, as CPython sends it:
///
///     shorter than 2 GiB    | length: 4 bytes, big-endian | message |
///     longer                | -1: 4 bytes | length: 8 bytes, big-endian | message |

namespace procession::inline v0::detail::connection {

/// The head of a frame.
class FrameHead {
  public:
    explicit FrameHead(std::uint64_t length) noexcept;
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return std::span(bytes_).first(size_);
    }

  private:
    std::array<std::byte, 12> bytes_;
    std::size_t size_;
};

/// Assembles one message from a frame that arrives in pieces.
///
/// Guarantee: never allocates more than 1 MiB plus twice the bytes that have arrived, whatever
/// length the head says.
class FrameReader {
  public:
    /// Where the next bytes of the frame go. Never longer than the rest of the frame, and not empty
    /// unless the message is complete. The message goes to `space` if it fits there and does not
    /// begin in the reader's own memory.
    /// Throws: std::bad_alloc.
    [[nodiscard]] std::span<std::byte> room(std::span<std::byte> space);
    /// Says that `count` bytes have been put into room().
    void advance(std::size_t count) noexcept;
    /// Copies what was put into `space` so far to the reader's own memory. To be called before the
    /// caller's space goes away, if the message is not complete.
    /// Throws: std::bad_alloc.
    void save(std::span<const std::byte> space);

    [[nodiscard]] bool has_begun() const noexcept { return head_got_ != 0; }
    [[nodiscard]] bool has_length() const noexcept {
        return has_begun() && head_got_ == head_size();
    }
    /// Only when has_length().
    [[nodiscard]] std::uint64_t length() const noexcept { return length_; }
    /// Whether the length is negative: the peer speaks another protocol.
    [[nodiscard]] bool is_malformed() const noexcept { return is_malformed_; }
    [[nodiscard]] bool is_complete() const noexcept { return has_length() && got_ == length_; }
    /// The complete message; empty if it went to the caller's space.
    [[nodiscard]] std::vector<std::byte> take_message() noexcept;

  private:
    [[nodiscard]] std::size_t head_size() const noexcept;

    std::array<std::byte, 12> head_;
    std::size_t head_got_ = 0;
    bool is_malformed_ = false;
    std::uint64_t length_ = 0;
    std::uint64_t got_ = 0;
    std::vector<std::byte> message_;
};

/// The deposit key of a message (os/stream.h): the token of the deposit, then the address of the
/// process that has it.
[[nodiscard]] std::vector<std::byte> encode_deposit_key(const DepositKey& name);
/// Throws: DecodeError.
[[nodiscard]] DepositKey decode_deposit_key(std::span<const std::byte> key);

}  // namespace procession::inline v0::detail::connection
