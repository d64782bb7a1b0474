// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <string>

#include "base/current_exception.h"
#include "base/logging.h"
#include "procession/byte_queue.h"
#include "queue/core_impl.h"

// Leases whose work failed, and those that were destroyed while they were open.

namespace procession::queue {

bool Core::dead_letters_on_exception() const noexcept {
    return constants_.dead_letter_on_exception != 0;
}

void Core::abandon(const Ticket& ticket, Abandoned how) noexcept {
    // The lease may be a fork child's copy of its parent's, or be ended already: by task_done(), by
    // close(), or by the end of the process, which has begun.
    if (!is_own(ticket.generation) || is_closed() || is_ending()) return;
    try {
        if (is_open(ticket)) give_up(ticket, reason_of(how));
        // NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (const ClosedError&) {
        // Another thread has closed the queue just now: the item waits again.
    } catch (const std::exception& failed) {
        base::log(LogLevel::warning,
                  "an item stays taken until this process closes the queue or ends: %s",
                  failed.what());
    }
}

void Core::give_up(const Ticket& ticket, std::string_view why) {
    if (!dead_letters_on_exception()) return give_back(ticket, why);
    try {
        reject(ticket, why);
    } catch (const MemoryError& none) {
        // One delivery more is better than an item that stays with a process that has given it up.
        base::log(LogLevel::warning, "%s: no memory for a dead letter: %s", label().c_str(),
                  none.what());
        give_back(ticket, why);
    }
}

std::string Core::reason_of(Abandoned how) {
    if (how == Abandoned::by_current_exception) return base::describe_current_exception();
    if (how == Abandoned::by_exception) return "an exception left the scope of its lease";
    // relaxed: a count, and nothing else
    const std::uint64_t count = abandoned_.fetch_add(1, std::memory_order_relaxed) + 1;
    // A worker that never ends its leases gets an item until it is a dead letter: log ever more
    // rarely.
    if ((count & (count - 1)) == 0) {
        base::log(LogLevel::warning,
                  "%s: a lease was destroyed without done(), so its item %s (%llu so far in this "
                  "process). End each lease by done(), give_back(), reject() or detach()",
                  label().c_str(),
                  dead_letters_on_exception() ? "becomes a dead letter" : "is given back",
                  static_cast<unsigned long long>(count));
    }
    return "its lease was destroyed without done()";
}

void Core::detach(const Ticket& ticket) {
    guarded("detach", [&] {
        if (!is_open(ticket)) {
            throw ValueError("detach", label(),
                             is_own(ticket.generation)
                                 ? "this lease has ended already"
                                 : "this lease is the parent process's; a fork child has none");
        }
        LeaseBook& book = lease_books_.get().of_this_thread();
        book.detach(ticket, [this](const Ticket& each) { return is_open(each); });
    });
}

}  // namespace procession::queue
