// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "procession/detail/codec/format.h"
#include "procession/detail/message.h"

namespace procession::inline v0::detail::queue {

/// Items that this process has taken and could not decode, while there is no memory in the queue
/// for their dead letters. Local to the process.
///
/// Threads: any.
class PendingDeadLetters {
  public:
    struct Letter {
        Ticket ticket;  // for a joinable queue: its item, whose bytes stay in place
        Format format = Format::raw;
        std::vector<std::byte> bytes;  // for a plain queue
        std::string reason;
    };

    /// Throws: std::bad_alloc; then nothing has happened.
    void add(Letter letter) {
        std::list<Letter> fresh;
        fresh.push_back(std::move(letter));
        const std::lock_guard guard(mutex_);
        letters_.splice(letters_.end(), fresh);
    }
    /// Hands the oldest one to `write` and drops it, as long as that returns true. Returns how many
    /// are left. Does nothing while another thread does the same.
    template <class Write>
    std::size_t write_out(Write write) {
        const std::unique_lock guard(mutex_, std::try_to_lock);
        if (!guard.owns_lock()) return 0;
        while (!letters_.empty() && write(std::as_const(letters_.front()))) letters_.pop_front();
        return letters_.size();
    }

  private:
    std::mutex mutex_;
    std::list<Letter> letters_;
};

}  // namespace procession::inline v0::detail::queue
