// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "queue/core_impl.h"

// Items that are written and read where they lie.

namespace procession::queue {

bool Core::is_own(std::uint32_t generation) const noexcept {
    return generation == participants_.generation() && !participants_.is_unprepared_child();
}

void Core::require_no_loans() const {
    const std::uint32_t loans = loans_.load();
    const std::uint32_t views = views_.load();
    if (loans == 0 && views == 0) return;
    throw ValueError("close", label(),
                     "this process has " + std::to_string(loans) + " loans and " +
                         std::to_string(views) +
                         " views of it; publish or drop them before the queue is closed");
}

Loaned Core::loan(std::uint64_t bytes) {
    return guarded("loan", [&] {
        check_fits({Format::raw, {static_cast<const std::byte*>(nullptr), bytes}});
        // Before the block is taken, for close() to see.
        loans_.fetch_add(1);
        try {
            const std::uint32_t unit = take_block(std::max<std::uint64_t>(bytes, 1), self());
            PROCESSION_STEP("loan.taken");
            return Loaned{{pool_.memory(unit), bytes}, unit, participants_.generation()};
        } catch (...) {
            loans_.fetch_sub(1);
            throw;
        }
    });
}

Outcome Core::publish(std::uint32_t unit, std::uint32_t generation, const Piece& piece,
                      Deadline deadline) {
    return guarded("publish", [&] {
        if (!is_own(generation)) {
            throw ValueError("publish", label(),
                             "this loan is the parent process's; a fork child has none of them");
        }
        check_fits(piece);
        const Outcome outcome = put_one(piece, unit, deadline, self(deadline));
        if (outcome == Outcome::done) loans_.fetch_sub(1);
        return outcome;
    });
}

void Core::end_loan(std::uint32_t unit, std::uint32_t generation) noexcept {
    if (!is_own(generation)) return;
    try {
        guarded("loan", [&] { give_block(unit, self()); });
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "a loan is left to the end of the process: %s", failed.what());
    }
    if (loans_.fetch_sub(1) == 1) release_memory();
}

Outcome Core::borrow(ByteView& view, Deadline deadline, const std::shared_ptr<Core>& self_pointer) {
    return guarded("borrow", [&] {
        const Actor me = self(deadline);
        Claim claimed;
        claimed.in_place = true;
        const Outcome outcome = claim_one(claimed, view.copy_, deadline, me);
        if (outcome != Outcome::done) return outcome;
        if (!claimed.head.is(kOutside)) {
            complete(claimed, view.copy_, me);
            return outcome;
        }
        PROCESSION_STEP("borrow.taken");
        views_.fetch_add(1);
        view.copy_.set_format(static_cast<Format>(claimed.head.format));
        view.in_place_ = claimed.payload;
        view.unit_ = claimed.unit;  // none where a lease keeps it
        view.generation_ = participants_.generation();
        view.core_ = self_pointer;
        if (joinable_) {
            view.copy_.set_ticket(ticket_of(claimed.at, claimed.deliveries));
            lease_books_.get().of_this_thread().add(view.copy_.ticket());
        }
        return outcome;
    });
}

void Core::end_view(std::uint32_t unit, std::uint32_t generation) noexcept {
    if (!is_own(generation)) return;
    try {
        if (unit != shm::BlockPool::kNone) guarded("borrow", [&] { give_block(unit, self()); });
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "a view is left to the end of the process: %s", failed.what());
    }
    if (views_.fetch_sub(1) == 1) release_memory();
}

}  // namespace procession::queue
