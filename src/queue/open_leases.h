// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "procession/message.h"

namespace procession::queue {

/// The leases that this process holds on one queue, oldest first. Local to the process.
/// Threads: any.
class OpenLeases {
  public:
    /// Room for one more: the next add() cannot fail.
    void reserve() {
        const std::lock_guard guard(mutex_);
        if (open_.size() == open_.capacity()) open_.reserve(open_.size() * 2 + 8);
    }
    void add(const Ticket& ticket) {
        const std::lock_guard guard(mutex_);
        open_.push_back({ticket, std::this_thread::get_id()});
    }
    /// Whether it was there.
    bool remove(const Ticket& ticket) {
        const std::lock_guard guard(mutex_);
        const auto found = std::find_if(open_.begin(), open_.end(), [&](const Open& open) {
            return open.ticket.position == ticket.position &&
                   open.ticket.deliveries == ticket.deliveries;
        });
        if (found == open_.end()) return false;
        open_.erase(found);
        return true;
    }
    /// Takes the calling thread's oldest lease; without one, nothing.
    std::optional<Ticket> take_oldest_of_this_thread() {
        const std::lock_guard guard(mutex_);
        const auto self = std::this_thread::get_id();
        const auto found = std::find_if(open_.begin(), open_.end(),
                                        [&](const Open& open) { return open.thread == self; });
        if (found == open_.end()) return std::nullopt;
        const Ticket ticket = found->ticket;
        open_.erase(found);
        return ticket;
    }
    std::vector<Ticket> take_all() {
        const std::lock_guard guard(mutex_);
        std::vector<Ticket> tickets;
        tickets.reserve(open_.size());
        for (const Open& open : open_) tickets.push_back(open.ticket);
        open_.clear();
        return tickets;
    }

  private:
    struct Open {
        Ticket ticket;
        std::thread::id thread;
    };
    std::mutex mutex_;
    std::vector<Open> open_;
};

}  // namespace procession::queue
