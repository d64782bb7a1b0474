// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "procession/codec/format.h"
#include "procession/deadline.h"
#include "procession/put_error.h"
#include "procession/result.h"

namespace procession {

namespace queue {
class SharedQueue;
}

/// Memory of a queue in the hands of this process: what is written there becomes an item without
/// being copied. Given back when it is dropped, or when the process ends, unless it was published.
///
/// Move-only.   Threads: one at a time; it may be passed to another thread.
class ByteLoan {
  public:
    /// None.
    ByteLoan() = default;
    ByteLoan(ByteLoan&& other) noexcept
        : queue_(std::move(other.queue_)),
          bytes_(std::exchange(other.bytes_, {})),
          unit_(other.unit_),
          generation_(other.generation_) {}
    ByteLoan& operator=(ByteLoan&& other) noexcept;
    ByteLoan(const ByteLoan&) = delete;
    ByteLoan& operator=(const ByteLoan&) = delete;
    ~ByteLoan() { drop(); }

    /// Whether there is one still: false after publishing.
    [[nodiscard]] explicit operator bool() const noexcept { return queue_ != nullptr; }
    /// At least 4096-byte aligned; not initialised.
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }
    /// Appends the first `size` bytes as an item, as ByteQueue::try_put does. Then the memory is
    /// the queue's. When it was refused, the loan is what it was. Throws: as try_put(); ValueError
    /// without a loan, with more bytes than it has, or in a fork
    ///         child of its owner.
    Result<void, PutError> try_publish(Format format, std::size_t size, Deadline deadline);

  private:
    friend class ByteQueue;
    ByteLoan(std::shared_ptr<queue::SharedQueue> queue, std::size_t bytes);
    void drop() noexcept;

    std::shared_ptr<queue::SharedQueue> queue_;
    std::span<std::byte> bytes_;
    std::uint32_t unit_ = 0;
    std::uint32_t generation_ = 0;
};

}  // namespace procession
