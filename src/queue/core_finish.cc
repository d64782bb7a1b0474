// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// How items are finished, and how join() learns of it.
//
// The usual task_done() takes no lock of the queue: the process begins an intent in its own line of
// the registry, finishes the item by one exchange of the lease, and counts it there. `unfinished`
// is the number of items put less the sum of all such counts. A process that repairs after a death
// looks at the lease that the intent names.
//
// A chunk of the log is free when all of its items are finished and the head has left it. The
// consumer that moves the head out of it counts its finished leases; a process that finishes an
// item of it later does so under the memory lock and counts, too. If both happen at once, one of
// the two sees the other's store: each makes its own by an exchange and then looks at the other's,
// all four sequentially consistent. So the chunk is counted by the consumer that leaves it, or
// again by the finisher.

#include <algorithm>
#include <mutex>

#include "base/logging.h"
#include "queue/core_impl.h"

namespace procession::queue {

using shm::BlockState;

namespace {

// The word of the lease of a ticket's item, while the lease is open.
std::uint64_t open_word(const Ticket& ticket, std::uint32_t slot, bool ending = false) {
    return LeaseWord{LeaseState::held, slot, ticket.deliveries, ending}.pack();
}

// The lease after the usual task_done(). It still names its owner, so that an intent is never taken
// for done because of another thread's act.
LeaseWord done_lease(std::uint32_t slot, std::uint32_t deliveries) {
    return {LeaseState::finished, slot, deliveries, true};
}

}  // namespace

bool Core::is_open(const Ticket& ticket) const noexcept {
    return ticket.generation == participants_.generation() &&
           log_.peek_lease(Position::unpack(ticket.position), ticket.chunk_first) ==
               open_word(ticket, participants_.slot());
}

void Core::begin_ending(const Ticket& ticket, std::string_view operation) {
    if (!joinable_) {
        throw ValueError(operation, label(), "only a JoinableQueue leases its items");
    }
    if (ticket.generation != participants_.generation()) {
        throw ValueError(operation, label(),
                         "this lease is the parent process's (a fork child has none of them), or "
                         "was given back when an operation of this process was cut short");
    }
    if (is_open(ticket)) {
        RecordHead head;
        std::byte* record = log_.record_at(Position::unpack(ticket.position), head);
        const std::uint32_t slot = participants_.slot();
        std::uint64_t open = open_word(ticket, slot);
        if (RecordLog::lease_word(record).compare_exchange_strong(open,
                                                                  open_word(ticket, slot, true))) {
            PROCESSION_STEP("lease.ending");
            return;
        }
    }
    throw ValueError(operation, label(), "this lease has ended already");
}

void Core::leave_open(const Ticket& ticket) noexcept {
    std::byte* record = pool_.memory(Position::unpack(ticket.position).chunk) +
                        Position::unpack(ticket.position).offset;
    RecordLog::lease_word(record).store(open_word(ticket, participants_.slot()),
                                        std::memory_order_release);
}

void Core::begin_intent(MemoryIntent kind, Position at, std::uint32_t block) {
    const std::uint64_t chunk_finished =
        kind == MemoryIntent::lost_bytes ? 0 : log_.chunk(at.chunk).finished.load();
    state_.memory_intent.begin(
        kind, at.pack(), 0,
        {state_.finished.load(), state_.dead_lettered.load(), chunk_finished, block});
    PROCESSION_STEP("finish.begun");
}

// Does everything that follows when an item is finished. Idempotent, also after half of it was
// done.
void Core::complete_finish(Position at) {
    state_.finished.store(state_.memory_intent.value(kFinishedBefore) + 1,
                          std::memory_order_release);
    PROCESSION_STEP("finish.counted");
    ChunkHeader& chunk = log_.chunk(at.chunk);
    chunk.finished.store(
        static_cast<std::uint32_t>(state_.memory_intent.value(kChunkFinishedBefore) + 1),
        std::memory_order_release);
    PROCESSION_STEP("finish.counted_in_chunk");
    RecordHead head;
    std::byte* record = log_.record_at(at, head);
    if (head.is(kOutside)) {
        const std::uint32_t unit = log_.outside_unit(record);
        if (pool_.block(unit).state == BlockState::queued) pool_.give(unit);
        PROCESSION_STEP("finish.payload_freed");
    }
    const bool chunk_done = chunk.passed.load() != 0 &&
                            chunk.finished.load() == chunk.records.load() &&
                            pool_.block(at.chunk).state == BlockState::chunk;
    if (chunk_done) pool_.give(at.chunk);
    PROCESSION_STEP("finish.chunk_freed");
    state_.memory_intent.end();
    PROCESSION_STEP("finish.completed");
}

// Under the memory lock: one store to the lease finishes the item.
void Core::commit_finish(Position at, std::byte* record) {
    const LeaseWord lease = LeaseWord::unpack(RecordLog::lease_word(record).load());
    begin_intent(MemoryIntent::finish, at, 0);
    RecordLog::lease_word(record).store(LeaseWord{LeaseState::finished, 0, lease.deliveries}.pack(),
                                        std::memory_order_release);
    PROCESSION_STEP("finish.committed");
    complete_finish(at);
}

// Of a chunk that the head has left: counts again, and frees it when all of its items are finished.
void Core::recount_finished(std::uint32_t unit) {
    ChunkHeader& chunk = log_.chunk(unit);
    if (chunk.passed.load() == 0) return;
    const std::uint32_t finished = log_.count_finished(unit);
    chunk.finished.store(finished, std::memory_order_release);
    PROCESSION_STEP("recount.counted");
    if (finished == chunk.records.load(std::memory_order_relaxed)) pool_.give(unit);
    PROCESSION_STEP("recount.freed");
}

// Under the memory lock: completes the finish that the process in `slot` has begun, or forgets it.
// Idempotent.
void Core::settle_finishing(std::uint32_t slot) {
    shm::ParticipantSlot& owner = segment_.participant(slot);
    if (!owner.finishing.is_open()) return;
    const auto at = Position::unpack(owner.finishing.subject());
    // A chunk is freed only when all of its items are finished: if it is gone, so is the lease.
    const bool same_chunk = pool_.block(at.chunk).state == BlockState::chunk &&
                            log_.chunk(at.chunk).first_count.load() == owner.finishing.epoch();
    bool finished = true;
    if (same_chunk) {
        RecordHead head;
        std::byte* record = log_.record_at(at, head);
        const LeaseWord lease = LeaseWord::unpack(RecordLog::lease_word(record).load());
        finished = lease == done_lease(slot, lease.deliveries);
    }
    if (finished) {
        owner.finished.store(owner.finishing.value(0) + 1, std::memory_order_release);
        PROCESSION_STEP("settle.counted");
        if (same_chunk) recount_finished(at.chunk);
    }
    owner.finishing.end();
    PROCESSION_STEP("settle.settled");
}

void Core::settle_own_finishing(Actor me) {
    acquire(state_.memory_lock, me);
    const Lock lock(state_.memory_lock);
    settle_finishing(me.slot);
    pool_.decommit_excess();
}

void Core::finish(const Ticket& ticket, const char* operation) {
    if (!finish_at_once(ticket)) [[unlikely]]
        finish_patiently(ticket, operation);
    let_go_of_attachment(ticket);
}

void Core::let_go_of_attachment(const Ticket& ticket) noexcept {
    if (Attachments* held = attachments_.if_made()) [[unlikely]]
        held->release(ticket);
}

void Core::take_part() {
    guarded("take part", [this] { static_cast<void>(self()); });
}

void Core::hold_attachment(const Ticket& ticket, Attachment attachment) {
    attachments_.get().add(ticket, std::move(attachment));
}

// The usual task_done(): a small item of a chunk that the head has not left. False when it is not
// the usual one; then nothing has happened, and finish_patiently() finds out why.
inline bool Core::finish_at_once(const Ticket& ticket) {
    if (!joinable_) return false;
    const Inside inside(*this);
    const std::uint32_t slot = inside.slot();
    if (slot == shm::ParticipantTable::kNone || !is_open(ticket)) return false;
    const auto at = Position::unpack(ticket.position);
    std::byte* record = pool_.memory(at.chunk) + at.offset;
    const RecordHead head = RecordHead::unpack(RecordLog::word(record).load());
    const ChunkHeader& chunk = log_.header_at(at.chunk);
    if (head.is(kOutside) || chunk.passed.load() != 0) return false;
    {
        const std::lock_guard one_at_a_time(finishing_);
        shm::ParticipantSlot& self = segment_.participant(slot);
        if (self.finishing.is_open_here()) return false;  // not settled yet
        const std::uint64_t before = self.finished.load(std::memory_order_relaxed);
        self.finishing.begin(FinishIntent::finish, ticket.position, ticket.chunk_first, {before});
        PROCESSION_STEP("done.begun");
        std::uint64_t open = open_word(ticket, slot);
        // seq_cst: the commit; and a look at `passed` after it, see the head of this file
        const bool committed = RecordLog::lease_word(record).compare_exchange_strong(
            open, done_lease(slot, ticket.deliveries).pack());
        PROCESSION_STEP("done.committed");
        if (committed) {
            // seq_cst: with the fence of the look at the bell in announce_finished(), a joiner that
            // the look misses sees this count
            self.finished.exchange(before + 1);
            PROCESSION_STEP("done.counted");
        }
        if (!committed || chunk.passed.load() == 0) {
            self.finishing.end();
            PROCESSION_STEP("done.settled");
        } else {
            settle_after_commit(slot);
        }
        if (!committed) return false;
    }
    if (const LeaseBooks* books = lease_books_.if_made()) {
        if (LeaseBook* book = books->last_of_this_thread()) book->forget(ticket);
    }
    announce_finished();
    return true;
}

// The head has left the chunk just now, perhaps without having counted this item.
void Core::settle_after_commit(std::uint32_t slot) {
    const base::LogHold no_log;
    try {
        refusing_corruption("task_done", [&] { settle_own_finishing({slot}); });
    } catch (const TimeoutError& late) {
        // The item is finished. The next call or a sweep ends the intent.
        base::log(LogLevel::debug, "%s", late.what());
        // NOLINTBEGIN(bugprone-empty-catch)  likewise
    } catch (const Ending&) {
    } catch (const CutShort&) {
    } catch (const ClosedError&) {}
    // NOLINTEND(bugprone-empty-catch)
}

void Core::finish_patiently(const Ticket& ticket, const char* operation) {
    guarded(operation, [&] { finish_within(ticket, operation); });
}

void Core::finish_within(const Ticket& ticket, const char* operation) {
    const Actor me = self();
    {
        const std::lock_guard one_at_a_time(finishing_);
        const bool unsettled = segment_.participant(me.slot).finishing.is_open();
        if (unsettled) settle_own_finishing(me);
    }
    begin_ending(ticket, operation);
    try {
        acquire(state_.memory_lock, me);
    } catch (const TimeoutError&) {
        leave_open(ticket);
        throw;
    }
    {
        const Lock lock(state_.memory_lock);
        RecordHead head;
        const auto at = Position::unpack(ticket.position);
        commit_finish(at, log_.record_at(at, head));
        pool_.decommit_excess();
    }
    announce_finished();
}

void Core::task_done() {
    finish(guarded("task_done", [&] {
        if (!joinable_) {
            throw ValueError("task_done", label(), "only a JoinableQueue counts finished tasks");
        }
        const auto oldest = lease_books_.get().of_this_thread().take_oldest(
            [this](const Ticket& ticket) { return is_open(ticket); });
        if (oldest) return *oldest;
        throw ValueError("task_done", label(),
                         "task_done() called too many times: this thread holds no item of it");
    }));
}

// Wakes join() when nothing is unfinished any more. Most calls end at the first look.
void Core::announce_finished() {
    if (!all_done_.may_have_waiters()) return;
    // While an item waits to be taken, another call will finish the last one.
    const bool something_waits =
        state_.head.count.load() < state_.tail.count.load() || state_.returned.count.load() != 0;
    if (!something_waits && all_finished()) all_done_.notify_all();
}

// Only grows. Never more than were finished at the end of the call, never fewer than at its start.
std::uint64_t Core::finished() const noexcept {
    std::uint64_t sum = state_.finished.load();
    const std::uint32_t end =
        std::min(segment_.header().participants_end.load(), shm::kParticipantsMax);
    for (std::uint32_t slot = 0; slot < end; ++slot) {
        sum += segment_.participant(slot).finished.load();
    }
    return sum;
}

// A producer counts an item after it has committed it, and may be slow or dead in between. Then the
// consumers' count is the better one, since an item is counted as taken before it is finished.
std::uint64_t Core::known_put() const noexcept {
    return std::max(state_.tail.count.load(), state_.head.count.load());
}

// In this order: the items counted as finished are then among those known to be put, so when they
// are as many, they are the same.
bool Core::all_finished() const noexcept {
    const std::uint64_t done = finished();
    return done >= known_put();
}

std::uint64_t Core::unfinished() {
    return guarded("unfinished", [&] {
        const Actor me = self();
        // Items that a dead participant had finished and not yet counted.
        const std::uint32_t end =
            std::min(segment_.header().participants_end.load(), shm::kParticipantsMax);
        for (std::uint32_t slot = 0; slot < end; ++slot) {
            const bool is_finishing = segment_.participant(slot).finishing.is_open();
            if (is_finishing && participants_.is_dead(slot)) bury_the_dead(me);
        }
        for (;;) {
            const std::uint64_t before = finished();
            const std::uint64_t put = known_put();
            // Unchanged around the look at `put`: exact at that instant.
            if (finished() == before) return put > before ? put - before : 0;
        }
    });
}

bool Core::join(Deadline deadline) {
    return guarded("join", [&] {
        if (!joinable_) throw ValueError("join", label(), "only a JoinableQueue can be joined");
        self();
        // After an immediate shutdown no consumer gets the items that are left; the process that
        // shut down may have died before it had dropped all of them.
        const auto drop_if_shut_down = [&] {
            if (state_.shutdown.load() == kImmediate) drain_after_shutdown();
        };
        drop_if_shut_down();
        const auto ready = [&] {
            return all_finished() || gate_.load(std::memory_order_relaxed) != 0;
        };
        for (;;) {
            os::CancellationDisabled::act_on_request();
            const bool in_time = all_done_.wait(deadline, ready, [&] {
                nap();
                drop_if_shut_down();
            });
            const bool was_asked = gate_.load() != 0;
            do_what_was_asked();
            check_open("join");
            if (!was_asked) return in_time;
            drop_if_shut_down();
        }
    });
}

}  // namespace procession::queue
