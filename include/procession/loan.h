// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "procession/byte_queue.h"
#include "procession/detail/byte_loan.h"
#include "procession/error.h"

namespace procession::inline v0 {

/// An array in the queue's memory, to be filled and published: see loan() of Queue<U[]>. If it is
/// destroyed without publish(), or the process dies, the memory goes back to the queue.
///
/// Move-only. Other operations on the queue may happen meanwhile, and several loans may be
/// published in any order. Threads: one at a time; it may be passed to another thread.
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
    /// Keeps only the first `count` elements. Throws: ValueError when there are not so many.
    void shrink(std::size_t count) {
        if (count > size_) {
            throw ValueError("shrink", queue_.label(),
                             "the loan has " + std::to_string(size_) + " elements, not " +
                                 std::to_string(count));
        }
        size_ = count;
    }

    /// Appends the array to the queue, like put() but without a copy. Then the loan is empty, and
    /// the memory belongs to the queue.
    ///
    /// Blocks:     while the queue is full, until `deadline`.
    /// Throws:     Full at the deadline (PeerStopped if a process that is stopped inside the queue
    ///             blocked this call), ShutDown, or MemoryError; the loan is unchanged. ValueError
    ///             for a loan that was published, or that belongs to the parent of this fork child.
    ///             ClosedError.
    /// Peer dies:  no effect. If this process dies in this call, the item either is in the queue or
    ///             never existed.
    void publish(Deadline deadline = Deadline::never()) {
        const auto published = try_publish(deadline);
        if (!published.has_value()) queue_.refuse_put(published.error(), "publish");
    }
    /// Like publish(), but by default does not wait.
    /// Returns: nothing, or timed_out | shut_down.   Throws: otherwise as publish().
    Result<void, PutError> try_publish(Deadline deadline = Deadline::now()) {
        auto published = bytes_.try_publish(Format::raw, bytes_of(size_), deadline);
        if (published.has_value()) size_ = 0;
        return published;
    }

  private:
    [[nodiscard]] std::size_t bytes_of(std::size_t count) const {
        // SIZE_MAX is more than any queue can take, so the queue throws.
        return count <= SIZE_MAX / sizeof(U) ? count * sizeof(U) : SIZE_MAX;
    }

    ByteQueue queue_;
    ByteLoan bytes_;
    std::size_t size_;
};

}  // namespace procession::inline v0
