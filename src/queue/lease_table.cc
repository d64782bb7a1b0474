// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/lease_table.h"

#include <algorithm>
#include <utility>

#include "base/step.h"
#include "shm/corrupt.h"
#include "shm/memory_orders.h"

namespace procession::inline v0::detail::queue {

using shm::BlockState;
using shm::kOrdered;
using shm::require;

// ---- one lease ---------------------------------------------------------------------------------

bool LeaseTable::begin_ending(const Ticket& ticket, std::uint32_t slot) {
    if (!is_open(ticket, slot)) return false;
    RecordHead head;
    std::byte* record = records_.record_at(Position::unpack(ticket.position), head);
    std::uint64_t open = open_word(ticket, slot);
    const bool is_ours =
        lease_word(record).compare_exchange_strong(open, open_word(ticket, slot, true));
    PROCESSION_STEP("lease.ending");
    return is_ours;
}

void LeaseTable::leave_open(const Ticket& ticket, std::uint32_t slot) noexcept {
    std::byte* record = records_.memory_at(Position::unpack(ticket.position));
    lease_word(record).store(open_word(ticket, slot), std::memory_order_release);
}

// ---- items that wait again ---------------------------------------------------------------------

Position LeaseTable::oldest_returned(HoldsHead /*lock*/, std::byte*& record,
                                     RecordHead& head) const {
    const auto at = Position::unpack(state_.returned.first.load(std::memory_order_relaxed));
    record = records_.record_at(at, head);
    return at;
}

std::uint32_t LeaseTable::pop_returned(HoldsHead lock, Position at, std::byte* record,
                                       std::uint32_t slot) {
    auto& word = lease_word(record);
    const LeaseWord lease = LeaseWord::unpack(word.load(std::memory_order_relaxed));
    require(lease.state == LeaseState::returned, "the list of returned items names another item");
    const std::uint32_t deliveries = lease.deliveries + 1;
    state_.listing.begin(ListIntent::pop, at.pack(), 0, {state_.redelivered.load()});
    PROCESSION_STEP("get.again.begun");
    word.store(LeaseWord{LeaseState::held, slot, deliveries}.pack(), kOrdered);
    PROCESSION_STEP("get.again.leased");
    returned_.remove_first(lock, at);
    PROCESSION_STEP("get.again.unlinked");
    state_.returned.count.store(state_.returned.count.load() - 1, kOrdered);
    PROCESSION_STEP("get.again.unlisted");
    state_.redelivered.store(state_.listing.value(0) + 1, kOrdered);
    PROCESSION_STEP("get.again.counted");
    state_.listing.end();
    PROCESSION_STEP("get.again.ended");
    return deliveries;
}

// Into the list of returned items, in the order in which they were put.
void LeaseTable::push_returned(HoldsHead lock, Position at, std::byte* record) {
    auto& word = lease_word(record);
    const LeaseWord lease = LeaseWord::unpack(word.load());
    state_.listing.begin(ListIntent::push, at.pack(), 0, {0});
    PROCESSION_STEP("return.begun");
    returned_.add(lock, at);
    PROCESSION_STEP("return.listed");
    word.store(LeaseWord{LeaseState::returned, 0, lease.deliveries}.pack(), kOrdered);
    PROCESSION_STEP("return.returned");
    state_.returned.count.store(state_.returned.count.load() + 1, kOrdered);
    PROCESSION_STEP("return.counted");
    state_.listing.end();
    PROCESSION_STEP("return.ended");
}

void LeaseTable::rebuild_returned(HoldsHead lock, const std::vector<Position>& items) {
    if (state_.listing.is(ListIntent::pop)) {
        RecordHead head;
        std::byte* record = records_.record_at(Position::unpack(state_.listing.subject()), head);
        const LeaseWord lease = LeaseWord::unpack(lease_word(record).load());
        const bool popped = lease.state == LeaseState::held;
        state_.redelivered.store(state_.listing.value(0) + (popped ? 1 : 0));
        PROCESSION_STEP("repair.list.redelivered");
    }
    returned_.rebuild(lock, items);
    state_.listing.end();
    PROCESSION_STEP("repair.list.ended");
}

// Visits the lease of each item that the head has passed: visit(position, lease).
template <class Visit>
void LeaseTable::each_lease(HoldsHead /*head*/, HoldsMemory memory, Visit visit) const {
    if (!joinable_) return;
    const auto head_at = Position::unpack(state_.head.position.load());
    pool_.each_block(memory, [&](std::uint32_t unit, const shm::Block& block) {
        if (block.state != BlockState::chunk) return;
        // Ahead of the head nothing is leased.
        if (records_.chunk(unit).first_count.load() > state_.head.count.load()) return;
        const std::uint32_t end = unit == head_at.chunk ? head_at.offset : 0;
        records_.each_record(unit, end, [&](Position at, RecordHead, std::byte* record) {
            visit(at, LeaseWord::unpack(lease_word(record).load()));
        });
    });
}

// The oldest first.
std::vector<Position> LeaseTable::collect(HoldsHead head, HoldsMemory memory, LeaseState state,
                                          std::uint32_t owner) const {
    std::vector<std::pair<std::uint64_t, Position>> found;
    each_lease(head, memory, [&](Position at, const LeaseWord& lease) {
        const bool is_owners = state != LeaseState::held || lease.owner == owner;
        if (lease.state == state && is_owners) found.emplace_back(returned_.sequence_of(at), at);
    });
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Position> positions;
    positions.reserve(found.size());
    for (const auto& [sequence, at] : found) positions.push_back(at);
    return positions;
}

// ---- ends --------------------------------------------------------------------------------------

void LeaseTable::settle_finishing(HoldsMemory lock, std::uint32_t slot) {
    shm::ParticipantSlot& owner = segment_.participant(slot);
    if (!owner.finishing.is_open()) return;
    const auto at = Position::unpack(owner.finishing.subject());
    // A chunk is freed only when all of its items are finished: if it is gone, so is the lease.
    const bool same_chunk = pool_.block(at.chunk).state == BlockState::chunk &&
                            records_.chunk(at.chunk).first_count.load() == owner.finishing.epoch();
    bool finished = true;
    if (same_chunk) {
        RecordHead head;
        std::byte* record = records_.record_at(at, head);
        const LeaseWord lease = LeaseWord::unpack(lease_word(record).load());
        finished = lease == LeaseWord::done_by(slot, lease.deliveries);
    }
    if (finished) {
        owner.finished.store(owner.finishing.value(0) + 1, kOrdered);
        PROCESSION_STEP("settle.counted");
        if (same_chunk) recount_finished(lock, at.chunk);
    }
    owner.finishing.end();
    PROCESSION_STEP("settle.ended");
}

void LeaseTable::begin_intent(HoldsMemory /*lock*/, MemoryIntent kind, Position at,
                              std::uint32_t block) {
    const std::uint64_t chunk_finished =
        kind == MemoryIntent::lost_bytes ? 0 : records_.chunk(at.chunk).finished.load();
    state_.memory_intent.begin(
        kind, at.pack(), 0,
        {state_.finished.load(), state_.dead_lettered.load(), chunk_finished, block});
    PROCESSION_STEP("finish.begun");
}

// Does everything that follows when an item is finished. Idempotent, also after half of it was
// done.
void LeaseTable::complete_finish(HoldsMemory lock, Position at) {
    const auto& intent = state_.memory_intent;
    state_.finished.store(intent.value(kFinishedBefore) + 1, kOrdered);
    PROCESSION_STEP("finish.counted");
    ChunkHeader& chunk = records_.chunk(at.chunk);
    const auto before = static_cast<std::uint32_t>(intent.value(kChunkFinishedBefore));
    chunk.finished.store(before + 1, kOrdered);
    PROCESSION_STEP("finish.counted_in_chunk");
    RecordHead head;
    std::byte* record = records_.record_at(at, head);
    if (head.is(kOutside)) {
        const std::uint32_t unit = records_.outside_unit(record);
        if (pool_.block(unit).state == BlockState::queued) pool_.give(lock, unit);
        PROCESSION_STEP("finish.payload_freed");
    }
    const bool chunk_done = chunk.passed.load() != 0 &&
                            chunk.finished.load() == chunk.records.load() &&
                            pool_.block(at.chunk).state == BlockState::chunk;
    if (chunk_done) pool_.give(lock, at.chunk);
    PROCESSION_STEP("finish.chunk_freed");
    state_.memory_intent.end();
    PROCESSION_STEP("finish.completed");
}

void LeaseTable::finish(HoldsMemory lock, Position at, std::byte* record) {
    const LeaseWord lease = LeaseWord::unpack(lease_word(record).load());
    begin_intent(lock, MemoryIntent::finish, at, 0);
    lease_word(record).store(LeaseWord{LeaseState::finished, 0, lease.deliveries}.pack(), kOrdered);
    PROCESSION_STEP("finish.committed");
    complete_finish(lock, at);
}

void LeaseTable::finish_as_dead_letter(HoldsMemory lock, Position at, std::byte* record,
                                       std::uint32_t block) {
    const LeaseWord lease = LeaseWord::unpack(lease_word(record).load());
    letters_.set_number(lock, block, state_.dead_lettered.load() + 1);
    begin_intent(lock, MemoryIntent::dead_letter, at, block);
    lease_word(record).store(LeaseWord{LeaseState::finished, 0, lease.deliveries}.pack(), kOrdered);
    PROCESSION_STEP("dead_letter.committed");
    pool_.set(block, BlockState::dead_letter, 0);
    PROCESSION_STEP("dead_letter.kept");
    state_.dead_lettered.store(state_.memory_intent.value(kDeadLetteredBefore) + 1, kOrdered);
    PROCESSION_STEP("dead_letter.counted");
    complete_finish(lock, at);
}

void LeaseTable::keep_lost_bytes(HoldsMemory lock, std::uint32_t block) {
    letters_.set_number(lock, block, state_.dead_lettered.load() + 1);
    begin_intent(lock, MemoryIntent::lost_bytes, {}, block);
    pool_.set(block, BlockState::dead_letter, 0);
    PROCESSION_STEP("lost_bytes.kept");
    state_.dead_lettered.store(state_.memory_intent.value(kDeadLetteredBefore) + 1, kOrdered);
    PROCESSION_STEP("lost_bytes.counted");
    state_.memory_intent.end();
    PROCESSION_STEP("lost_bytes.ended");
}

// A plain queue's chunk is free now, a joinable queue's when all its items are finished.
void LeaseTable::retire(HoldsMemory lock, std::uint32_t chunk, std::uint64_t first_count) {
    if (pool_.block(chunk).state != BlockState::chunk) return;
    ChunkHeader& header = records_.chunk(chunk);
    if (header.first_count.load(std::memory_order_relaxed) != first_count) return;
    const auto records =
        static_cast<std::uint32_t>(state_.head.count.load(std::memory_order_relaxed) - first_count);
    header.records.store(records, kOrdered);
    PROCESSION_STEP("retire.counted");
    // seq_cst: pairs with the look at `passed` in try_finish_fast(); the look at the leases in
    // count_finished() comes after it. See the class.
    header.passed.exchange(1);
    PROCESSION_STEP("retire.passed");
    if (joinable_) {
        recount_finished(lock, chunk);
    } else {
        pool_.give(lock, chunk);
    }
    PROCESSION_STEP("retire.freed");
    pool_.decommit_excess(lock);
}

// Of a chunk that the head has left: counts again, and frees it when all of its items are finished.
void LeaseTable::recount_finished(HoldsMemory lock, std::uint32_t unit) {
    ChunkHeader& chunk = records_.chunk(unit);
    if (chunk.passed.load() == 0) return;
    const std::uint32_t finished = records_.count_finished(unit);
    chunk.finished.store(finished, kOrdered);
    PROCESSION_STEP("recount.counted");
    if (finished == chunk.records.load(std::memory_order_relaxed)) pool_.give(lock, unit);
    PROCESSION_STEP("recount.freed");
}

void LeaseTable::repair(HoldsMemory lock) {
    pool_.rebuild(lock);
    PROCESSION_STEP("repair.memory.rebuilt");
    const auto& intent = state_.memory_intent;
    const Position at = Position::unpack(intent.subject());
    const auto block = static_cast<std::uint32_t>(intent.value(kLetterBlock));
    const std::uint64_t dead_lettered = intent.value(kDeadLetteredBefore) + 1;
    if (intent.is(MemoryIntent::lost_bytes)) {
        if (pool_.block(block).state == BlockState::dead_letter) {
            state_.dead_lettered.store(dead_lettered);
        }
    } else if (intent.is_open()) {
        RecordHead head;
        std::byte* record = records_.record_at(at, head);
        const LeaseWord lease = LeaseWord::unpack(lease_word(record).load());
        if (lease.state == LeaseState::finished) {
            if (intent.is(MemoryIntent::dead_letter)) {
                pool_.set(block, BlockState::dead_letter, 0);
                PROCESSION_STEP("repair.memory.kept");
                state_.dead_lettered.store(dead_lettered);
            }
            complete_finish(lock, at);
        }
    }
    state_.memory_intent.end();
    PROCESSION_STEP("repair.memory.ended");
}

// ---- counts ------------------------------------------------------------------------------------

std::uint64_t LeaseTable::finished() const noexcept {
    std::uint64_t sum = state_.finished.load();
    const std::uint32_t end = segment_.slots_used();
    for (std::uint32_t slot = 0; slot < end; ++slot) {
        sum += segment_.participant(slot).finished.load();
    }
    return sum;
}

// A producer counts an item after it has committed it, and may be slow or dead in between. Then the
// consumers' count is the better one, since an item is counted as taken before it is finished.
std::uint64_t LeaseTable::known_put() const noexcept {
    return std::max(state_.tail.count.load(), state_.head.count.load());
}

// In this order: the items counted as finished are then among those known to be put, so when they
// are as many, they are the same.
bool LeaseTable::all_finished() const noexcept {
    const std::uint64_t done = finished();
    return done >= known_put();
}

// Participants finish items meanwhile: each begins an intent, finishes the item, counts it, and
// ends the intent. So each item counted before the look is finished; and each finished item is
// counted after it, or named by an open intent.
void LeaseTable::audit_finished(HoldsHead head, HoldsMemory memory) const {
    const std::uint64_t counted_before = finished();
    std::uint64_t open = 0;
    each_lease(head, memory, [&](Position, const LeaseWord& lease) {
        // Not those that are queued: of a chunk that the head has yet to enter.
        const bool is_open = lease.state == LeaseState::held || lease.state == LeaseState::returned;
        if (is_open) ++open;
    });
    const std::uint64_t taken = state_.head.count.load();
    require(open <= taken, "more items are in hand than were taken");
    const std::uint64_t there = taken - open;
    require(counted_before <= there, "more items are counted as finished than are");
    std::uint64_t being_finished = 0;
    const std::uint32_t end = segment_.slots_used();
    for (std::uint32_t slot = 0; slot < end; ++slot) {
        if (is_finishing(slot)) ++being_finished;
    }
    require(there <= finished() + being_finished, "fewer items are counted as finished than are");
}

void LeaseTable::audit_returned(HoldsHead lock) const { returned_.audit(lock); }

void LeaseTable::count_held(HoldsHead head, HoldsMemory memory,
                            std::vector<std::uint64_t>& counts) const {
    const auto count = [&](std::uint32_t owner) {
        if (owner < counts.size()) ++counts[owner];
    };
    pool_.each_block(memory, [&](std::uint32_t, const shm::Block& block) {
        if (block.state == BlockState::held) count(block.owner);
    });
    each_lease(head, memory, [&](Position, const LeaseWord& lease) {
        if (lease.state == LeaseState::held) count(lease.owner);
    });
}

}  // namespace procession::inline v0::detail::queue
