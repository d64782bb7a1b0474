// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "procession/detail/codec/format.h"
#include "procession/detail/heap_bytes.h"

namespace procession::inline v0 {

/// Identifies one delivery of one item to this process.
struct Ticket {
    std::uint64_t position = 0;
    std::uint64_t chunk_first = 0;  // distinguishes the chunk at that position from a later one
    std::uint32_t deliveries = 0;
    std::uint32_t generation = 0;  // of this process, because a fork child has no leases
};

/// One item that came from a queue. Does not own the bytes.
struct MessageView {
    Format format = Format::raw;
    std::span<const std::byte> bytes;
    Ticket ticket;
};

/// The bytes of one item as taken from a ByteQueue, in memory of this process.
class Message {
  public:
    Message() = default;
    /// A message that keeps its bytes in `place` if they fit there. It must not outlive `place`.
    explicit Message(std::span<std::byte> place) : place_(place) {}
    Message(Message&& other) noexcept { take(other); }
    Message& operator=(Message&& other) noexcept {
        if (this != &other) take(other);
        return *this;
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    ~Message() = default;

    [[nodiscard]] Format format() const noexcept { return format_; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
    [[nodiscard]] const Ticket& ticket() const noexcept { return ticket_; }
    [[nodiscard]] MessageView view() const noexcept { return {format_, bytes(), ticket_}; }

    /// For queues: makes room for `size` bytes, not initialised, and returns it.
    /// Throws: std::bad_alloc.
    std::byte* resize(std::size_t size) {
        if (size <= place_.size()) {
            data_ = place_.data();
        } else if (size <= inline_.size()) {
            data_ = inline_.data();
        } else {
            data_ = heap_of(size);
        }
        size_ = size;
        return data_;
    }
    void set_format(Format format) noexcept { format_ = format; }
    void set_ticket(const Ticket& ticket) noexcept { ticket_ = ticket; }

  private:
    std::byte* heap_of(std::size_t size) {
        if (size > capacity_) {
            heap_ = detail::HeapBytes(size);
            capacity_ = size;
        }
        return heap_.get();
    }
    void take(Message& other) noexcept {
        ticket_ = other.ticket_;
        format_ = other.format_;
        place_ = other.place_;
        heap_ = std::move(other.heap_);
        capacity_ = std::exchange(other.capacity_, 0);
        data_ = other.data_;
        size_ = std::exchange(other.size_, 0);
        // Copies only the bytes of the message: the rest of the array was never written.
        if (size_ != 0 && data_ == other.inline_.data()) {
            data_ = inline_.data();
            std::memcpy(data_, other.inline_.data(), size_);
        }
    }

    Ticket ticket_;
    Format format_ = Format::raw;
    std::span<std::byte> place_;
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    detail::HeapBytes heap_;
    alignas(
        16) std::array<std::byte, 256> inline_;  // NOLINT(cppcoreguidelines-pro-type-member-init)
};

}  // namespace procession::inline v0
