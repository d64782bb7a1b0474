// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/recovery.h"

#include <algorithm>
#include <cstdio>

#include "base/logging.h"
#include "procession/error.h"
#include "queue/shared_queue.h"

namespace procession::inline v0::detail::queue {

using shm::BlockState;
using shm::Holder;
using shm::require;

namespace {

// Finished items are compared one by one, under the locks: not where that could take long (16 MiB).
constexpr std::uint32_t kAuditedUnitsMax = 4096;

}  // namespace

void Recovery::repair(std::uint32_t lock, const shm::DeadOwner& owner) {
    shm::DeathLog& deaths = queue_.death_log();
    switch (lock) {
        case kMemoryLock:
            memory_.leases.repair(HoldsMemory(memory_.state.memory_lock, owner));
            break;
        case kTailLock:
            memory_.tail.repair(HoldsTail(memory_.state.tail_lock, owner), owner.slot());
            break;
        case kHeadLock: {
            const HoldsHead head(memory_.state.head_lock, owner);
            // It may have died while it took over from another dead one.
            end_reclaim(head);
            if (!deaths.are_locks_known(owner.slot())) {
                deaths.note_tally_once(owner.slot(), kLostAtHead,
                                       memory_.head.took_inline_uncounted(head));
            }
            memory_.head.repair(head);
            break;
        }
        default: break;
    }
}

bool Recovery::reclaim(std::uint32_t slot, Holder is, shm::Actor me) {
    const auto lock = queue_.acquire(memory_.state.head_lock, me);
    const HoldsHead head = lock.proof();
    queue_.consumer().settle(head, me);
    // The oldest first: if this process dies on the way, the items that wait already are handed out
    // before the later ones, as they should be.
    for (const Position at : free_blocks_of(head, slot, is, me)) {
        if (is == Holder::dead) {
            acquit_if_in_doubt(head, slot, at);
            take_over_counted(head, slot, at, me);
        } else {
            take_over(head, slot, at, memory_.drops_items(), me);
        }
        PROCESSION_STEP("reclaim.item_taken_over");
    }
    return is == Holder::dead && queue_.death_log().record(head, slot);
}

// Returns the items that it holds, the oldest first.
std::vector<Position> Recovery::free_blocks_of(HoldsHead head, std::uint32_t holder, Holder is,
                                               shm::Actor me) {
    const auto lock = queue_.acquire(memory_.state.memory_lock, me);
    const HoldsMemory memory = lock.proof();
    if (memory_.joinable) memory_.leases.settle_finishing(memory, holder);
    // The large items of a plain queue that are being copied.
    std::uint32_t in_hand = 0;
    memory_.pool.each_block(memory, [&](std::uint32_t, const shm::Block& block) {
        if (block.state == BlockState::held && block.owner == holder) ++in_hand;
    });
    if (is == Holder::dead) queue_.death_log().note_tally_once(holder, kLostInBlocks, in_hand);
    auto held = memory_.leases.collect(head, memory, LeaseState::held, holder);
    memory_.pool.each_block(memory, [&](std::uint32_t unit, const shm::Block& block) {
        const bool its_own = block.owner == holder &&
                             (block.state == BlockState::owned || block.state == BlockState::held);
        if (!its_own) return;
        memory_.pool.give(memory, unit);
        PROCESSION_STEP("reclaim.block_freed");
    });
    return held;
}

// Of the items that have been handed out as often as they may, a death makes only the oldest a dead
// letter. Which of them has ended their consumer is not known; for the others this delivery does
// not count, and they are handed out once more.
void Recovery::acquit_if_in_doubt(HoldsHead /*lock*/, std::uint32_t dead, Position at) {
    const std::uint32_t most = memory_.limits.max_deliveries;
    const bool is_in_doubt =
        most >= 2 && !memory_.drops_items() && queue_.death_log().tally(dead, kDeadLettered) != 0;
    if (!is_in_doubt) return;
    RecordHead head;
    auto& word = lease_word(memory_.records.record_at(at, head));
    LeaseWord lease = LeaseWord::unpack(word.load());
    if (lease.deliveries < most) return;
    lease.deliveries = most - 1;
    word.store(lease.pack(), std::memory_order_release);
    PROCESSION_STEP("reclaim.item_acquitted");
}

// The item's fate is counted exactly once, also when this process dies.
void Recovery::take_over_counted(HoldsHead lock, std::uint32_t dead, Position at, shm::Actor me) {
    const bool drops = memory_.drops_items();
    begin_reclaim(lock, dead, at, drops);
    try {
        take_over(lock, dead, at, drops, me);
    } catch (...) {
        memory_.state.reclaiming.end();  // the item is the dead one's still
        throw;
    }
    end_reclaim(lock);
}

void Recovery::begin_reclaim(HoldsHead /*lock*/, std::uint32_t dead, Position at, bool drops) {
    const shm::DeathLog& deaths = queue_.death_log();
    memory_.state.reclaiming.begin(
        drops ? ReclaimIntent::drop : ReclaimIntent::keep, at.pack(),
        memory_.records.chunk(at.chunk).first_count.load(std::memory_order_relaxed),
        {dead, deaths.tally(dead, kRedelivered), deaths.tally(dead, kDeadLettered),
         deaths.tally(dead, kDropped)});
    PROCESSION_STEP("reclaim.item_begun");
}

// A finished item may be gone with its chunk, which may even have been used again: then its words
// mean nothing. As long as it is not finished, its chunk stays.
Recovery::Became Recovery::item_became() const {
    const auto& intent = memory_.state.reclaiming;
    const auto at = Position::unpack(intent.subject());
    const LeaseWord lease =
        LeaseWord::unpack(memory_.records.lease_at(at).load(std::memory_order_acquire));
    // Still the same chunk afterwards: it was the item's lease that was read.
    const bool is_there = memory_.pool.block(at.chunk).state == BlockState::chunk &&
                          memory_.records.chunk(at.chunk).first_count.load() == intent.epoch();
    if (!is_there || lease.state == LeaseState::finished) return Became::finished;
    return lease.state == LeaseState::returned ? Became::returned : Became::nothing;
}

// After the item was taken over, by the process that did it, or by the one that has the claim on
// that process when it died over it. Idempotent.
void Recovery::end_reclaim(HoldsHead lock) {
    auto& intent = memory_.state.reclaiming;
    if (!intent.is_open()) return;
    const std::uint64_t dead = intent.value(kReclaimedFrom);
    require(dead < shm::kParticipantsMax, "an item is taken over from an impossible participant");
    const Became became = item_became();
    if (became != Became::nothing) {
        const Tally ended = intent.is(ReclaimIntent::drop) ? kDropped : kDeadLettered;
        const Tally tally = became == Became::returned ? kRedelivered : ended;
        const auto before =
            static_cast<std::uint32_t>(intent.value(std::size_t{kTallyBefore} + tally));
        queue_.death_log().set_tally(lock, static_cast<std::uint32_t>(dead), tally, before + 1);
    }
    PROCESSION_STEP("reclaim.item_counted");
    intent.end();
    PROCESSION_STEP("reclaim.item_ended");
}

void Recovery::take_over(HoldsHead lock, std::uint32_t holder, Position at, bool drops,
                         shm::Actor me, std::string_view why) {
    RecordHead head;
    std::byte* record = memory_.records.record_at(at, head);
    const LeaseWord lease = LeaseWord::unpack(lease_word(record).load());
    if (drops) {
        const auto memory = queue_.acquire(memory_.state.memory_lock, me);
        memory_.leases.finish(memory.proof(), at, record);
        return;
    }
    const std::uint32_t most = memory_.limits.max_deliveries;
    if (lease.deliveries < most) {
        memory_.leases.push_returned(lock, at, record);
        return;
    }
    char reason[512];  // allocates nothing: there may be no memory left
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)  with its length, for %.*s
    const char* const why_text = why.data();
    std::snprintf(reason, sizeof reason, "%s after delivery %u of at most %u%s%.*s",
                  holder == me.slot ? "given back" : "its consumer died", lease.deliveries, most,
                  why.empty() ? "" : ": ",
                  static_cast<int>(std::min<std::size_t>(why.size(), sizeof reason)), why_text);
    try {
        const std::uint32_t block = queue_.undecodable().write_letter(
            {static_cast<Format>(head.format), memory_.records.payload_of(record, head).bytes,
             lease.deliveries, reason},
            me);
        const auto memory = queue_.acquire(memory_.state.memory_lock, me);
        memory_.leases.finish_as_dead_letter(memory.proof(), at, record, block);
    } catch (const std::exception& none) {
        // One delivery too many is better than a lost item.
        base::log(LogLevel::warning, "%s: no memory for a dead letter: %s", queue_.label().c_str(),
                  none.what());
        memory_.leases.push_returned(lock, at, record);
    }
}

void Recovery::audit(shm::Actor me) {
    State& state = memory_.state;
    if (const auto tail = queue_.try_take(state.tail_lock, me.slot)) {
        memory_.tail.audit(tail.proof());
        // The producers' count cannot change now, and consumers only take what is counted in it.
        require(state.head.count.load() <= state.tail.count.load(),
                "more items were taken than put");
    }
    const auto head = queue_.try_take(state.head_lock, me.slot);
    if (!head) return;
    memory_.head.audit(head.proof());
    if (!memory_.joinable) return;
    // Otherwise the list is as a dead consumer left it, and the next consumer repairs it.
    if (!memory_.leases.is_list_torn()) memory_.leases.audit_returned(head.proof());
    if (memory_.pool.units_used() > kAuditedUnitsMax) return;
    if (const auto memory = queue_.try_take(state.memory_lock, me.slot)) {
        memory_.leases.audit_finished(head.proof(), memory.proof());
    }
}

}  // namespace procession::inline v0::detail::queue
