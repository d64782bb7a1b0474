// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "procession/detail/message.h"
#include "procession/export.h"

namespace procession::inline v0 {

namespace detail::queue {
class ConsumerSide;
class SharedQueue;
}  // namespace detail::queue

/// An item that was taken from a queue. A large item is not copied: the view refers to the queue's
/// memory. A small one, which is in the queue's log, is copied into the view.
///
/// In a plain queue, the end of the view gives the memory back. In a joinable one, the memory
/// belongs to the item: the bytes are valid until its lease ends, and may be overwritten after
/// that.
///
/// Move-only.   Threads: one at a time; it may be passed to another thread.
class PROCESSION_EXPORT ByteView {
  public:
    /// No item.
    ByteView() = default;
    ByteView(ByteView&& other) noexcept
        : queue_(std::move(other.queue_)),
          copy_(std::move(other.copy_)),
          in_place_(std::exchange(other.in_place_, {})),
          unit_(other.unit_),
          generation_(other.generation_) {}
    ByteView& operator=(ByteView&& other) noexcept;
    ByteView(const ByteView&) = delete;
    ByteView& operator=(const ByteView&) = delete;
    ~ByteView() { drop(); }

    [[nodiscard]] Format format() const noexcept { return copy_.format(); }
    /// Aligned to at least 16 bytes.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return queue_ != nullptr ? in_place_ : copy_.bytes();
    }
    [[nodiscard]] const Ticket& ticket() const noexcept { return copy_.ticket(); }
    [[nodiscard]] MessageView view() const noexcept { return {format(), bytes(), ticket()}; }

  private:
    friend class ByteQueue;
    friend class detail::queue::ConsumerSide;
    void drop() noexcept;

    std::shared_ptr<detail::queue::SharedQueue> queue_;  // if the bytes are in the queue
    Message copy_;                         // the bytes if not; format and ticket always
    std::span<const std::byte> in_place_;  // the bytes, if they are in the queue
    std::uint32_t unit_ = 0;               // the block to be given back
    std::uint32_t generation_ = 0;
};

}  // namespace procession::inline v0
