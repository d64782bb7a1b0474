// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "procession/byte_loan.h"
#include "procession/byte_queue.h"
#include "procession/error.h"

namespace procession {

/// An array that is being made where it will lie in the queue: see loan() of Queue<U[]>. Dropped
/// without publish(), or when the process dies, its memory goes back to the queue.
///
/// Move-only; may outlive other operations, and be published in any order.
/// Threads: one at a time; it may be passed to another thread.
template <class U>
class Loan {
  public:
    Loan(ByteQueue queue, std::size_t count)
        : queue_(std::move(queue)), bytes_(queue_.loan(bytes_of(count))), size_(count) {}

    /// Not initialised.
    [[nodiscard]] std::span<U> span() const noexcept {
        return {reinterpret_cast<U*>(bytes_.bytes().data()), size_};
    }
    [[nodiscard]] U* data() const noexcept { return span().data(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] U& operator[](std::size_t i) const noexcept { return span()[i]; }
    [[nodiscard]] auto begin() const noexcept { return span().begin(); }
    [[nodiscard]] auto end() const noexcept { return span().end(); }
    /// The first `count` elements only. Throws: ValueError when there are not so many.
    void shrink(std::size_t count) {
        if (count > size_) {
            throw ValueError("shrink", queue_.label(),
                             "the loan has " + std::to_string(size_) + " elements, not " +
                                 std::to_string(count));
        }
        size_ = count;
    }

    /// Appends the array to the queue, as put() does, without copying it. Afterwards the loan is
    /// none: what it spanned is the queue's.
    ///
    /// Blocks:     while the queue is full, until `deadline`.
    /// Throws:     Full at the deadline and ShutDown, and the loan is what it was; ValueError for a
    ///             loan that was published, or is the parent's of this fork child; ClosedError.
    /// Peer dies:  no effect. If this process dies inside, the item is there or never existed.
    void publish(Deadline deadline = Deadline::never()) {
        const auto published = try_publish(deadline);
        if (!published.has_value()) queue_.refuse_put(published.error(), "publish");
    }
    /// publish() that reports. Returns: nothing, or timed_out | shut_down.
    Result<void, PutError> try_publish(Deadline deadline = Deadline::now()) {
        auto published = bytes_.try_publish(Format::raw, bytes_of(size_), deadline);
        if (published.has_value()) size_ = 0;
        return published;
    }

  private:
    [[nodiscard]] std::size_t bytes_of(std::size_t count) const {
        // Beyond what any queue takes, so that it says so.
        return count <= SIZE_MAX / sizeof(U) ? count * sizeof(U) : SIZE_MAX;
    }

    ByteQueue queue_;
    ByteLoan bytes_;
    std::size_t size_;
};

}  // namespace procession
