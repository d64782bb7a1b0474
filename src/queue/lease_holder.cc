// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The usual task_done() takes no lock of the queue: see LeaseTable::try_finish_fast(). `unfinished`
// is the number of items put less the sum of all counts of finished ones.
#include "queue/lease_holder.h"

#include <mutex>
#include <utility>

#include "base/current_exception.h"
#include "base/logging.h"
#include "procession/byte_queue.h"
#include "procession/error.h"
#include "queue/shared_queue.h"

namespace procession::inline v0::detail::queue {

// ---- open leases -------------------------------------------------------------------------------

bool LeaseHolder::is_open(const Ticket& ticket) const noexcept {
    const auto& table = queue_.participant_table();
    return ticket.generation == table.generation() && memory_.leases.is_open(ticket, table.slot());
}

Ticket LeaseHolder::ticket_of(Position at, std::uint32_t deliveries) const noexcept {
    // relaxed: constant while the chunk holds an item of ours
    const auto first =
        memory_.records.header_at(at.chunk).first_count.load(std::memory_order_relaxed);
    return {at.pack(), first, deliveries, queue_.participant_table().generation()};
}

void LeaseHolder::begin_ending(const Ticket& ticket, std::string_view operation) {
    if (!memory_.joinable) {
        throw ValueError(operation, queue_.label(), "only a JoinableQueue leases its items");
    }
    const auto& table = queue_.participant_table();
    if (ticket.generation != table.generation()) {
        throw ValueError(operation, queue_.label(),
                         "this lease is the parent process's (a fork child has none of them), or "
                         "was given back when an operation of this process was cut short");
    }
    if (!memory_.leases.begin_ending(ticket, table.slot())) {
        throw ValueError(operation, queue_.label(), "this lease has ended already");
    }
}

void LeaseHolder::leave_open(const Ticket& ticket) noexcept {
    memory_.leases.leave_open(ticket, queue_.participant_table().slot());
}

void LeaseHolder::hold_deposit(const Ticket& ticket, HandleDeposit deposit) {
    leased_deposits_.get().add(ticket, std::move(deposit));
}

void LeaseHolder::release_attachment(const Ticket& ticket) noexcept {
    if (LeasedDeposits* held = leased_deposits_.if_made()) [[unlikely]]
        held->release(ticket);
}

void LeaseHolder::leave_attachments() noexcept {
    if (LeasedDeposits* held = leased_deposits_.if_made()) held->leave_all();
}

void LeaseHolder::forget_own_state(bool free_later) noexcept {
    LeaseBooks* const books = books_.if_made();
    books_.reset_after_fork();
    leased_deposits_.reset_after_fork();
    suspects_.reset_after_fork();
    finishing_.reset_after_fork();
    // Not freed here: a signal handler that has called exit() may have interrupted malloc.
    if (free_later && books != nullptr) forgotten_books_.store(books);
}

// ---- finish ------------------------------------------------------------------------------------

// The usual task_done(). False when it is not the usual one; then nothing has happened, and
// finish_within() finds out why.
inline bool LeaseHolder::try_finish_fast(const Ticket& ticket) {
    if (!memory_.joinable) return false;
    const SharedQueue::Operation inside(queue_);
    const std::uint32_t slot = inside.slot();
    if (slot == shm::ParticipantTable::kNone || !is_open(ticket)) return false;
    {
        const std::lock_guard one_at_a_time(finishing_);
        const auto finished = memory_.leases.try_finish_fast(ticket, slot);
        if (finished == LeaseTable::Finished::no) return false;
        if (finished == LeaseTable::Finished::in_a_passed_chunk) settle_after_commit(slot);
    }
    if (const LeaseBooks* books = books_.if_made()) {
        if (LeaseBook* book = books->last_of_this_thread()) book->forget(ticket);
    }
    notify_joiners();
    return true;
}

void LeaseHolder::finish(const Ticket& ticket, const char* operation) {
    if (!try_finish_fast(ticket)) [[unlikely]] {
        queue_.guarded(operation, [&] { finish_within(ticket, operation); });
    }
    release_attachment(ticket);
}

// The head has left the chunk just now, perhaps without having counted this item.
void LeaseHolder::settle_after_commit(std::uint32_t slot) {
    const base::LogHold no_log;
    try {
        queue_.completing("task_done", [&] { settle_own_finishing({slot}); });
    } catch (const PeerStopped& late) {
        // The item is finished. The next call, or a repairer, ends the intent.
        base::log(LogLevel::debug, "%s", late.what());
        // NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (const ClosedError&) {
        // Likewise.
    }
}

void LeaseHolder::settle_own_finishing(shm::Actor me) {
    const auto lock = queue_.acquire(memory_.state.memory_lock, me);
    memory_.leases.settle_finishing(lock.proof(), me.slot);
    memory_.pool.decommit_excess(lock.proof());
}

void LeaseHolder::finish_within(const Ticket& ticket, const char* operation) {
    const shm::Actor me = queue_.self();
    {
        const std::lock_guard one_at_a_time(finishing_);
        if (memory_.leases.is_finishing(me.slot)) settle_own_finishing(me);
    }
    begin_ending(ticket, operation);
    shm::LockGuard<MemoryLock> lock;
    try {
        lock = queue_.acquire(memory_.state.memory_lock, me);
    } catch (const PeerStopped&) {
        leave_open(ticket);
        throw;
    }
    RecordHead head;
    const auto at = Position::unpack(ticket.position);
    memory_.leases.finish(lock.proof(), at, memory_.records.record_at(at, head));
    memory_.pool.decommit_excess(lock.proof());
    lock.release();
    notify_joiners();
}

void LeaseHolder::finish_drained(const Ticket& ticket) {
    finish_within(ticket, "task_done");
    release_attachment(ticket);
}

void LeaseHolder::task_done() {
    finish(queue_.guarded("task_done", [&] {
        if (!memory_.joinable) {
            throw ValueError("task_done", queue_.label(),
                             "only a JoinableQueue counts finished tasks");
        }
        const auto oldest = books_.get().of_this_thread().take_oldest(
            [this](const Ticket& ticket) { return is_open(ticket); });
        if (oldest) return *oldest;
        throw ValueError("task_done", queue_.label(),
                         "task_done() called too many times: this thread holds no item of it");
    }));
}

// ---- join --------------------------------------------------------------------------------------

// Most calls end at the first look.
void LeaseHolder::notify_joiners() {
    if (!memory_.all_done.may_have_waiters()) return;
    // While an item waits to be taken, another call will finish the last one.
    const State& state = memory_.state;
    const bool something_waits =
        state.head.count.load() < state.tail.count.load() || state.returned.count.load() != 0;
    if (!something_waits && memory_.leases.all_finished()) memory_.all_done.notify_all();
}

std::uint64_t LeaseHolder::unfinished() {
    return queue_.guarded("unfinished", [&] {
        const shm::Actor me = queue_.self();
        // Items that a dead participant had finished and not yet counted.
        const auto& table = queue_.participant_table();
        const std::uint32_t end = queue_.segment().slots_used();
        for (std::uint32_t slot = 0; slot < end; ++slot) {
            if (memory_.leases.is_finishing(slot) && table.is_dead(slot)) {
                queue_.reclaim_all_dead(me);
            }
        }
        for (;;) {
            const std::uint64_t before = memory_.leases.finished();
            const std::uint64_t put = memory_.leases.known_put();
            // Unchanged around the look at `put`: exact at that instant.
            if (memory_.leases.finished() == before) return put > before ? put - before : 0;
        }
    });
}

bool LeaseHolder::join(Deadline deadline) {
    return queue_.guarded("join", [&] {
        if (!memory_.joinable) {
            throw ValueError("join", queue_.label(), "only a JoinableQueue can be joined");
        }
        static_cast<void>(queue_.self());
        for (;;) {
            // After an immediate shutdown no consumer gets the items that are left; the process
            // that shut down may have died before it had dropped all of them.
            if (memory_.drops_items()) queue_.consumer().drain();
            const auto is_over = [&] {
                return memory_.leases.all_finished() ||
                       (memory_.drops_items() && memory_.has_item_hint());
            };
            const bool in_time = queue_.wait(memory_.all_done, "join", deadline, is_over);
            if (!in_time || memory_.leases.all_finished()) return in_time;
        }
    });
}

// ---- other ends --------------------------------------------------------------------------------

void LeaseHolder::give_back(const Ticket& ticket, std::string_view why) {
    queue_.guarded("give_back", [&] {
        const shm::Actor me = queue_.self();
        begin_ending(ticket, "give_back");
        try {
            const auto lock = queue_.acquire(memory_.state.head_lock, me);
            queue_.consumer().settle(lock.proof(), me);
            queue_.recovery().take_over(lock.proof(), me.slot, Position::unpack(ticket.position),
                                        memory_.drops_items(), me, why);
        } catch (const std::exception&) {
            leave_open(ticket);  // still the caller's
            throw;
        }
        memory_.not_empty.notify();
        notify_joiners();
        if (LeasedDeposits* held = leased_deposits_.if_made()) held->leave(ticket);
    });
}

void LeaseHolder::reject_begun(const Ticket& ticket, std::string_view reason, shm::Actor me) {
    const Position at = Position::unpack(ticket.position);
    RecordHead head;
    std::byte* record = memory_.records.record_at(at, head);
    const std::uint32_t block = queue_.undecodable().write_letter(
        {static_cast<Format>(head.format), memory_.records.payload_of(record, head).bytes,
         ticket.deliveries, reason},
        me);
    auto lock = queue_.undecodable().lock_for_letter(block, me);
    memory_.leases.finish_as_dead_letter(lock.proof(), at, record, block);
    lock.release();
    notify_joiners();
}

void LeaseHolder::reject(const Ticket& ticket, std::string_view reason) {
    queue_.guarded("reject", [&] {
        const shm::Actor me = queue_.self();
        begin_ending(ticket, "reject");
        try {
            reject_begun(ticket, reason, me);
        } catch (const std::exception&) {  // no memory, or a participant is stopped
            leave_open(ticket);            // still the caller's
            throw;
        }
        release_attachment(ticket);
    });
}

void LeaseHolder::detach(const Ticket& ticket) {
    queue_.guarded("detach", [&] {
        if (!is_open(ticket)) {
            throw ValueError("detach", queue_.label(),
                             queue_.is_own(ticket.generation)
                                 ? "this lease has ended already"
                                 : "this lease is the parent process's; a fork child has none");
        }
        LeaseBook& book = books_.get().of_this_thread();
        book.detach(ticket, [this](const Ticket& each) { return is_open(each); });
    });
}

// ---- leases that no call ends ------------------------------------------------------------------

void LeaseHolder::abandon(const Ticket& ticket, Abandoned how) noexcept {
    // The lease may be a fork child's copy of its parent's, or be ended already: by task_done(), by
    // close(), or by the end of the process, which has begun.
    const bool is_over = queue_.is_closed() || queue_.is_exiting();
    if (!queue_.is_own(ticket.generation) || is_over) return;
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

void LeaseHolder::give_up(const Ticket& ticket, std::string_view why) {
    if (memory_.limits.dead_letter_on_exception == 0) return give_back(ticket, why);
    try {
        reject(ticket, why);
    } catch (const MemoryError& none) {
        // One delivery more is better than an item that stays with a process that has given it up.
        base::log(LogLevel::warning, "%s: no memory for a dead letter: %s", queue_.label().c_str(),
                  none.what());
        give_back(ticket, why);
    }
}

std::string LeaseHolder::reason_of(Abandoned how) {
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
                  queue_.label().c_str(),
                  memory_.limits.dead_letter_on_exception != 0 ? "becomes a dead letter"
                                                               : "is given back",
                  static_cast<unsigned long long>(count));
    }
    return "its lease was destroyed without done()";
}

}  // namespace procession::inline v0::detail::queue
