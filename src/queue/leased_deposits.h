// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

#include "procession/detail/handle_deposit.h"
#include "procession/detail/message.h"

namespace procession::inline v0::detail::queue {

/// The handles of the items that this process has leased from one queue: they stay at the broker
/// until the item is finished, since it may have to be received again.
///
/// Threads: any.
class LeasedDeposits {
  public:
    void add(const Ticket& ticket, HandleDeposit deposit) {
        const std::lock_guard guard(lock_);
        held_.insert_or_assign(key(ticket), std::move(deposit));
    }
    /// The item is finished: its handles are let go.
    void release(const Ticket& ticket) noexcept { static_cast<void>(remove(ticket)); }
    /// The item waits again, and with it its handles.
    void leave(const Ticket& ticket) noexcept { remove(ticket).leave_to_item(); }

    /// The same for all of them: this process lets go of the queue.
    void leave_all() noexcept {
        const std::lock_guard guard(lock_);
        for (auto& [key, deposit] : held_) deposit.leave_to_item();
        held_.clear();
    }

  private:
    using Key = std::pair<std::uint64_t, std::uint64_t>;

    static Key key(const Ticket& ticket) { return {ticket.position, ticket.chunk_first}; }
    [[nodiscard]] HandleDeposit remove(const Ticket& ticket) noexcept {
        const std::lock_guard guard(lock_);
        const auto found = held_.find(key(ticket));
        if (found == held_.end()) return {};
        HandleDeposit deposit = std::move(found->second);
        held_.erase(found);
        return deposit;
    }

    std::mutex lock_;
    std::map<Key, HandleDeposit> held_;
};

}  // namespace procession::inline v0::detail::queue
