// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/queue_handle.h"

#include <exception>

namespace procession::inline v0 {

void QueueHandle::Undecodable::add() noexcept {
    if (count_++ == 0) first_ = std::current_exception();
}

void QueueHandle::Undecodable::report(const ByteQueue& queue, bool has_others) const {
    if (count_ == 0) return;
    try {
        std::rethrow_exception(first_);
    } catch (const DecodeError& failed) {
        if (!has_others) throw;
        queue.owe(failed, count_);
    }
}

}  // namespace procession::inline v0
