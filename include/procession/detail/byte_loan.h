// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "procession/deadline.h"
#include "procession/detail/codec/format.h"
#include "procession/detail/put_error.h"
#include "procession/export.h"
#include "procession/result.h"

namespace procession::inline v0 {

namespace detail::queue {
class SharedQueue;
}

/// Memory of a queue in which this process builds an item, which it then publishes without a copy.
/// If the loan is not published, its destructor or the end of the process gives the memory back.
///
/// Move-only.   Threads: one at a time; it may be passed to another thread.
class PROCESSION_EXPORT ByteLoan {
  public:
    /// No loan.
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

    /// Whether there is a loan: not after it was published.
    [[nodiscard]] explicit operator bool() const noexcept { return queue_ != nullptr; }
    /// Aligned to at least 4096 bytes; not initialised.
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return bytes_; }
    /// Appends the first `size` bytes as an item, as ByteQueue::try_put() does. Then the memory
    /// belongs to the queue. On an error the loan is unchanged.
    /// Throws: as try_put(); ValueError without a loan, for more bytes than it has, or in a fork
    ///         child of its owner.
    Result<void, PutError> try_publish(Format format, std::size_t size, Deadline deadline);

  private:
    friend class ByteQueue;
    ByteLoan(std::shared_ptr<detail::queue::SharedQueue> queue, std::size_t bytes);
    void drop() noexcept;

    std::shared_ptr<detail::queue::SharedQueue> queue_;
    std::span<std::byte> bytes_;
    std::uint32_t unit_ = 0;
    std::uint32_t generation_ = 0;
};

}  // namespace procession::inline v0
