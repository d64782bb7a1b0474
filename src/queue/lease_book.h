// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "procession/detail/message.h"

namespace procession::inline v0::detail::queue {

/// The leases that one thread has taken from one queue, oldest first, for task_done(), and those of
/// them that it has detached: they come first. Whether one is still open is told by the lease
/// itself: ended ones are thrown out when room is needed.
///
/// Threads: its own; no lock is taken.
class LeaseBook {
  public:
    /// Room for so many, so that add() cannot fail. Throws: std::bad_alloc.
    template <class IsOpen>
    void reserve(std::size_t more, IsOpen is_open) {
        if (tickets_.size() + more > tickets_.capacity()) [[unlikely]]
            make_room(more, is_open);
    }
    void add(const Ticket& ticket) noexcept { tickets_.push_back(ticket); }
    /// From now on it is task_done()'s to end. Throws: std::bad_alloc.
    template <class IsOpen>
    void detach(const Ticket& ticket, IsOpen is_open) {
        // Those that close() or done() has ended go out by and by, not all at once.
        while (!detached_.empty() && !is_open(detached_.front())) detached_.pop_front();
        detached_.push_back(ticket);
    }
    /// It has ended: the newest one, as a rule, and then there is nothing to be thrown out later.
    void forget(const Ticket& ticket) noexcept {
        if (tickets_.size() > first_ && tickets_.back().position == ticket.position) {
            tickets_.pop_back();
        }
    }
    /// Takes the one that was detached first and is open, else the oldest that is open; without
    /// one, nothing.
    template <class IsOpen>
    [[nodiscard]] std::optional<Ticket> take_oldest(IsOpen is_open) {
        while (!detached_.empty()) {
            const Ticket first = detached_.front();
            detached_.pop_front();
            if (is_open(first)) return first;
        }
        for (; first_ < tickets_.size(); ++first_) {
            if (is_open(tickets_[first_])) return tickets_[first_++];
        }
        return std::nullopt;
    }

  private:
    template <class IsOpen>
    [[gnu::noinline, gnu::cold]] void make_room(std::size_t more, IsOpen is_open) {
        std::size_t kept = 0;
        for (std::size_t i = first_; i < tickets_.size(); ++i) {
            if (is_open(tickets_[i])) tickets_[kept++] = tickets_[i];
        }
        tickets_.resize(kept);
        first_ = 0;
        // At most half full afterwards, so that the work of throwing out is spread over many calls.
        constexpr std::size_t least = 64;
        if ((kept + more) * 2 > tickets_.capacity()) tickets_.reserve((kept + more) * 2 + least);
    }

    std::vector<Ticket> tickets_;
    std::deque<Ticket> detached_;
    std::size_t first_ = 0;  // those before it have ended
};

}  // namespace procession::inline v0::detail::queue
