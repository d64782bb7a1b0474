// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "base/logging.h"
#include "queue/core_impl.h"

// What is undone when this process has no memory for what it has taken.

namespace procession::queue {

using ring::Lease;
using ring::LeaseState;
using ring::Position;
using ring::RecordHead;
using ring::RecordLog;

// Allocates nothing. The lease is held by this process and known to nobody else in it.
void Core::undeliver(Position at, Actor me) noexcept {
    try {
        acquire(state_.head_lock, {me.slot});
        const Lock lock(state_.head_lock);
        RecordHead head;
        auto& lease_word = RecordLog::lease_word(log_.record_at(at, head));
        Lease lease = Lease::unpack(lease_word.load());
        if (lease.deliveries > 0) --lease.deliveries;
        if (state_.list_op.load() != kNoListOp) {
            // The list is to be rebuilt from the leases in any case.
            lease_word.store(Lease{LeaseState::returned, 0, lease.deliveries}.pack());
        } else {
            lease_word.store(lease.pack());
            PROCESSION_STEP("undeliver.lowered");
            std::atomic<std::uint64_t>* from_the_first = &state_.returned_first;
            take_over(me.slot, at, drops_items(), me, from_the_first);
        }
    } catch (const std::exception& failed) {
        // A participant is stopped inside. The item comes back when this process closes the queue.
        base::log(LogLevel::warning, "an item stays taken: %s", failed.what());
    } catch (const ring::Corrupt&) {
        segment_.poison();
    }
    item_bell_.ring();
}

void Core::undeliver(const Ticket& ticket) {
    guarded("get", [&] {
        const Actor me = self();
        begin_ending(ticket, "get");
        undeliver(Position::unpack(ticket.position), me);
    });
}

}  // namespace procession::queue
