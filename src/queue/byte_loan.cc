// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/byte_loan.h"

#include "procession/byte_view.h"
#include "procession/error.h"
#include "queue/core.h"
#include "queue/result_of.h"

namespace procession {

ByteLoan::ByteLoan(std::shared_ptr<queue::Core> core, std::size_t bytes) : core_(std::move(core)) {
    try {
        const auto loaned = core_->loan(bytes);
        bytes_ = loaned.bytes;
        unit_ = loaned.unit;
        generation_ = loaned.generation;
    } catch (...) {
        core_.reset();  // nothing to give back
        throw;
    }
}

ByteLoan& ByteLoan::operator=(ByteLoan&& other) noexcept {
    if (this == &other) return *this;
    drop();
    core_ = std::move(other.core_);
    bytes_ = std::exchange(other.bytes_, {});
    unit_ = other.unit_;
    generation_ = other.generation_;
    return *this;
}

void ByteLoan::drop() noexcept {
    if (const auto core = std::exchange(core_, nullptr)) core->end_loan(unit_, generation_);
    bytes_ = {};
}

Result<void, PutError> ByteLoan::try_publish(Format format, std::size_t size, Deadline deadline) {
    if (core_ == nullptr) {
        throw ValueError("publish", "ByteLoan", "there is no loan; it was published already");
    }
    if (size > bytes_.size()) {
        throw ValueError("publish", core_->label(),
                         "the loan has " + std::to_string(bytes_.size()) + " bytes, not " +
                             std::to_string(size));
    }
    const auto outcome = core_->publish(unit_, generation_, {format, bytes_.first(size)}, deadline);
    if (outcome == queue::Outcome::done) {
        core_.reset();
        bytes_ = {};
    }
    return queue::result_of<PutError>(outcome);
}

ByteView& ByteView::operator=(ByteView&& other) noexcept {
    if (this == &other) return *this;
    drop();
    core_ = std::move(other.core_);
    copy_ = std::move(other.copy_);
    in_place_ = std::exchange(other.in_place_, {});
    unit_ = other.unit_;
    generation_ = other.generation_;
    return *this;
}

void ByteView::drop() noexcept {
    if (const auto core = std::exchange(core_, nullptr)) core->end_view(unit_, generation_);
    in_place_ = {};
}

}  // namespace procession
