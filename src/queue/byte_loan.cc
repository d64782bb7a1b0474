// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/byte_loan.h"

#include "procession/detail/byte_view.h"
#include "procession/error.h"
#include "queue/outcome.h"
#include "queue/shared_queue.h"

namespace procession::inline v0 {

ByteLoan::ByteLoan(std::shared_ptr<detail::queue::SharedQueue> queue, std::size_t bytes)
    : queue_(std::move(queue)) {
    try {
        const auto loaned = queue_->producer().loan(bytes);
        bytes_ = loaned.bytes;
        unit_ = loaned.unit;
        generation_ = loaned.generation;
    } catch (...) {
        queue_.reset();  // nothing to give back
        throw;
    }
}

ByteLoan& ByteLoan::operator=(ByteLoan&& other) noexcept {
    if (this == &other) return *this;
    drop();
    queue_ = std::move(other.queue_);
    bytes_ = std::exchange(other.bytes_, {});
    unit_ = other.unit_;
    generation_ = other.generation_;
    return *this;
}

void ByteLoan::drop() noexcept {
    if (const auto queue = std::exchange(queue_, nullptr))
        queue->producer().end_loan(unit_, generation_);
    bytes_ = {};
}

Result<void, PutError> ByteLoan::try_publish(Format format, std::size_t size, Deadline deadline) {
    if (queue_ == nullptr) {
        throw ValueError("publish", "ByteLoan", "there is no loan; it was published already");
    }
    if (size > bytes_.size()) {
        throw ValueError("publish", queue_->label(),
                         "the loan has " + std::to_string(bytes_.size()) + " bytes, not " +
                             std::to_string(size));
    }
    const auto outcome =
        queue_->producer().publish(unit_, generation_, {format, bytes_.first(size)}, deadline);
    if (outcome == detail::queue::Outcome::done) {
        queue_.reset();
        bytes_ = {};
    }
    return detail::queue::result_of<PutError>(outcome);
}

ByteView& ByteView::operator=(ByteView&& other) noexcept {
    if (this == &other) return *this;
    drop();
    queue_ = std::move(other.queue_);
    copy_ = std::move(other.copy_);
    in_place_ = std::exchange(other.in_place_, {});
    unit_ = other.unit_;
    generation_ = other.generation_;
    return *this;
}

void ByteView::drop() noexcept {
    if (const auto queue = std::exchange(queue_, nullptr))
        queue->consumer().end_view(unit_, generation_);
    in_place_ = {};
}

}  // namespace procession::inline v0
