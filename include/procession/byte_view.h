// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "procession/message.h"

namespace procession {

namespace queue {
class ConsumerSide;
class SharedQueue;
}  // namespace queue

/// An item of a queue, taken and looked at where it lies: a large one is not copied. Small ones,
/// which lie in the queue's log, are copied into the view.
///
/// A plain queue's memory goes back to the queue with the view. A joinable one's is the item's: the
/// bytes are there until its lease ends, and may be another process's then.
///
/// Move-only.   Threads: one at a time; it may be passed to another thread.
class ByteView {
  public:
    /// None.
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
    /// At least 16-byte aligned.
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return queue_ != nullptr ? in_place_ : copy_.bytes();
    }
    [[nodiscard]] const Ticket& ticket() const noexcept { return copy_.ticket(); }
    [[nodiscard]] MessageView view() const noexcept { return {format(), bytes(), ticket()}; }

  private:
    friend class ByteQueue;
    friend class queue::ConsumerSide;
    void drop() noexcept;

    std::shared_ptr<queue::SharedQueue> queue_;  // when the bytes lie in the queue
    Message copy_;                               // else, and format and ticket in any case
    std::span<const std::byte> in_place_;
    std::uint32_t unit_ = 0;  // the block to be given back
    std::uint32_t generation_ = 0;
};

}  // namespace procession
