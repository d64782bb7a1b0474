// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/step.h"
#include "procession/detail/message.h"
#include "queue/dead_letters.h"
#include "queue/intents.h"
#include "queue/locks.h"
#include "queue/records.h"
#include "queue/returned_list.h"
#include "queue/state.h"
#include "shm/block_pool.h"
#include "shm/segment.h"

namespace procession::inline v0::detail::queue {

/// The leases of a joinable queue's items, from the first delivery to the end, and the counts of
/// what is finished.
///
/// Guarantee: each item is finished exactly once, and counted exactly once, though any process may
/// die between any two stores: the lease word commits, an intent says what follows.
///
/// A chunk of the log is free when all of its items are finished and the head has left it. The
/// consumer that moves the head out of it counts its finished leases; a process that finishes an
/// item of it later does so under the memory lock and counts, too. If both happen at once, one of
/// the two sees the other's store: each makes its own by an exchange and then looks at the other's,
/// all four sequentially consistent. So the chunk is counted by the consumer that leaves it, or
/// again by the finisher.
///
/// Knows participants by their slots only, and waits for nothing. Throws Corrupt.
class LeaseTable {
  public:
    LeaseTable(State& state, const shm::Segment& segment, const Records& records,
               shm::BlockPool& pool, DeadLetters& letters, bool joinable)
        : state_(state),
          segment_(segment),
          records_(records),
          pool_(pool),
          letters_(letters),
          returned_(state.returned, records),
          joinable_(joinable) {}

    // One lease, of the participant in `slot`.
    /// Whether it is open. A look without a lock; true stays true until its holder ends it.
    [[nodiscard]] bool is_open(const Ticket& ticket, std::uint32_t slot) const noexcept;
    /// From now on only the caller may end the lease. False: it has ended, or is being ended.
    [[nodiscard]] bool begin_ending(const Ticket& ticket, std::uint32_t slot);
    /// Undoes begin_ending(): the lease is open again.
    void leave_open(const Ticket& ticket, std::uint32_t slot) noexcept;
    /// Before the head moves past the record.
    void hand_out(HoldsHead lock, std::byte* record, std::uint32_t slot) noexcept;

    // Items that wait again, oldest first.
    [[nodiscard]] bool has_returned_hint() const noexcept {
        return joinable_ && state_.returned.first.load(std::memory_order_acquire) != 0;
    }
    /// The oldest one. There is one. Throws Corrupt.
    [[nodiscard]] Position oldest_returned(HoldsHead lock, std::byte*& record,
                                           RecordHead& head) const;
    /// Hands the oldest one, which is at `at`, to the participant in `slot`. Returns: how often it
    /// was delivered.
    std::uint32_t pop_returned(HoldsHead lock, Position at, std::byte* record, std::uint32_t slot);
    void push_returned(HoldsHead lock, Position at, std::byte* record);
    /// A death has left the list half changed.
    [[nodiscard]] bool is_list_torn() const noexcept { return state_.listing.is_open(); }
    /// The list again from its truth, the leases. `items`: collect_returned().
    void rebuild_returned(HoldsHead lock, const std::vector<Position>& items);
    [[nodiscard]] std::vector<Position> collect(HoldsHead head, HoldsMemory memory,
                                                LeaseState state, std::uint32_t owner) const;

    // Ends.
    enum class Finished : std::uint8_t { no, done, in_a_passed_chunk };
    /// The usual task_done(), under no lock, by one thread of the process at a time: a small item
    /// of a chunk that the head has not left. `no`: it is not the usual one, and nothing has
    /// happened. `in_a_passed_chunk`: settle_finishing() is due.
    [[nodiscard]] Finished try_finish_fast(const Ticket& ticket, std::uint32_t slot);
    [[nodiscard]] bool is_finishing(std::uint32_t slot) const noexcept {
        return segment_.participant(slot).finishing.is_open();
    }
    /// Completes the finish that the process in `slot` has begun, or forgets it. Idempotent.
    void settle_finishing(HoldsMemory lock, std::uint32_t slot);
    void finish(HoldsMemory lock, Position at, std::byte* record);
    /// From a held item to the dead letter in `block`, by one store to its lease.
    void finish_as_dead_letter(HoldsMemory lock, Position at, std::byte* record,
                               std::uint32_t block);
    /// Of a plain queue: bytes that are no item any more become the dead letter in `block`.
    void keep_lost_bytes(HoldsMemory lock, std::uint32_t block);
    /// The head has left the chunk, which began with the record `first_count`, behind `taken` items
    /// in all. Frees it as soon as all is finished. Idempotent: the chunk may have been freed, and
    /// even used again, by then.
    void retire(HoldsMemory lock, std::uint32_t chunk, std::uint64_t first_count);
    /// In the name of a dead holder of the memory lock. Idempotent.
    void repair(HoldsMemory lock);

    // Counts.
    /// Only grows. Never more than were finished at the end of the call, never fewer than at its
    /// start.
    [[nodiscard]] std::uint64_t finished() const noexcept;
    [[nodiscard]] std::uint64_t known_put() const noexcept;
    [[nodiscard]] bool all_finished() const noexcept;
    /// Throws Corrupt unless as many items are counted as finished as there are.
    void audit_finished(HoldsHead head, HoldsMemory memory) const;
    /// Throws Corrupt unless the list of returned items is sound.
    void audit_returned(HoldsHead lock) const;
    /// By slot, `counts` has a place for each: the items that each participant has taken and not
    /// finished, blocks that a plain queue's consumer copies from included.
    void count_held(HoldsHead head, HoldsMemory memory, std::vector<std::uint64_t>& counts) const;

  private:
    /// The word of the lease of a ticket's item, while the lease is open.
    [[nodiscard]] static std::uint64_t open_word(const Ticket& ticket, std::uint32_t slot,
                                                 bool ending = false) noexcept {
        return LeaseWord{LeaseState::held, slot, ticket.deliveries, ending}.pack();
    }
    template <class Visit>
    void each_lease(HoldsHead head, HoldsMemory memory, Visit visit) const;
    void begin_intent(HoldsMemory lock, MemoryIntent kind, Position at, std::uint32_t block);
    void complete_finish(HoldsMemory lock, Position at);
    void recount_finished(HoldsMemory lock, std::uint32_t unit);

    State& state_;
    const shm::Segment& segment_;
    const Records& records_;
    shm::BlockPool& pool_;
    DeadLetters& letters_;
    ReturnedList returned_;
    const bool joinable_;
};

inline bool LeaseTable::is_open(const Ticket& ticket, std::uint32_t slot) const noexcept {
    return records_.peek_lease(Position::unpack(ticket.position), ticket.chunk_first) ==
           open_word(ticket, slot);
}

inline void LeaseTable::hand_out(HoldsHead /*lock*/, std::byte* record,
                                 std::uint32_t slot) noexcept {
    lease_word(record).store(LeaseWord{LeaseState::held, slot, 1}.pack(),
                             std::memory_order_release);
    PROCESSION_STEP("lease.handed_out");
}

inline LeaseTable::Finished LeaseTable::try_finish_fast(const Ticket& ticket, std::uint32_t slot) {
    const auto at = Position::unpack(ticket.position);
    std::byte* record = records_.memory_at(at);
    const RecordHead head = RecordHead::unpack(word_at(record).load());
    const ChunkHeader& chunk = records_.header_at(at.chunk);
    if (head.is(kOutside) || chunk.passed.load() != 0) return Finished::no;
    shm::ParticipantSlot& self = segment_.participant(slot);
    if (self.finishing.is_open_here()) return Finished::no;  // not settled yet
    const std::uint64_t before = self.finished.load(std::memory_order_relaxed);
    self.finishing.begin(FinishIntent::finish, ticket.position, ticket.chunk_first, {before});
    PROCESSION_STEP("done.begun");
    std::uint64_t open = open_word(ticket, slot);
    // seq_cst: the commit; and a look at `passed` after it, see the class
    const bool committed = lease_word(record).compare_exchange_strong(
        open, LeaseWord::done_by(slot, ticket.deliveries).pack());
    PROCESSION_STEP("done.committed");
    if (committed) {
        // seq_cst: with the fence of the look at the event in LeaseHolder::notify_joiners(), a
        // joiner that the look misses sees this count
        self.finished.exchange(before + 1);
        PROCESSION_STEP("done.counted");
    }
    if (committed && chunk.passed.load() != 0) return Finished::in_a_passed_chunk;
    self.finishing.end();
    PROCESSION_STEP("done.ended");
    return committed ? Finished::done : Finished::no;
}

}  // namespace procession::inline v0::detail::queue
