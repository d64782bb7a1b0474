// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/death_log.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "base/step.h"
#include "os/child.h"
#include "queue/intents.h"
#include "shm/corrupt.h"

namespace procession::queue {

using shm::require;

namespace {

// Stored in program order for the next repairer: release keeps the compiler from reordering.
constexpr auto kOrdered = std::memory_order_release;
// Read by the only process that may write.
constexpr auto kOwn = std::memory_order_relaxed;

std::uint64_t now_ns() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count());
}

Deadline::Clock::time_point time_of(std::uint64_t nanoseconds) noexcept {
    return Deadline::Clock::time_point(
        std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds)));
}

}  // namespace

void DeathLog::set(std::uint32_t slot, std::uint32_t flags) noexcept {
    fate(slot).flags.store(fate(slot).flags.load(kOwn) | flags, kOrdered);
}

bool DeathLog::has(std::uint32_t slot, FateFlag flag) const noexcept {
    return (fate(slot).flags.load(std::memory_order_acquire) & flag) != 0;
}

void DeathLog::notice(std::uint32_t dead) noexcept {
    if (fate(dead).noticed_ns.load(kOwn) == 0) fate(dead).noticed_ns.store(now_ns(), kOrdered);
    PROCESSION_STEP("death.noticed");
}

void DeathLog::note_lock(std::uint32_t dead, FateFlag lock) noexcept {
    if (!has(dead, kLocksKnown)) set(dead, lock);
    PROCESSION_STEP("death.lock_noted");
}

void DeathLog::note_lost_at_head(std::uint32_t dead, std::uint32_t items) noexcept {
    if (has(dead, kHeadCounted) || has(dead, kLocksKnown)) return;
    fate(dead).lost_at_head.store(items, kOrdered);
    PROCESSION_STEP("death.head_weighed");
    set(dead, kHeadCounted);
    PROCESSION_STEP("death.head_counted");
}

void DeathLog::note_lost_in_blocks(std::uint32_t dead, std::uint32_t items) noexcept {
    if (has(dead, kBlocksCounted)) return;
    fate(dead).lost_in_blocks.store(items, kOrdered);
    PROCESSION_STEP("death.blocks_weighed");
    set(dead, kBlocksCounted);
    PROCESSION_STEP("death.blocks_counted");
}

void DeathLog::forget(std::uint32_t slot) noexcept {
    Fate& old = fate(slot);
    for (auto* count : {&old.redelivered, &old.dead_lettered, &old.dropped, &old.lost_at_head,
                        &old.lost_in_blocks, &old.flags}) {
        count->store(0, kOrdered);
    }
    old.noticed_ns.store(0, kOrdered);
    PROCESSION_STEP("join.fate_cleared");
}

void DeathLog::begin_reclaim(std::uint32_t dead, Position at, bool drops) {
    const Fate& known = fate(dead);
    area_.reclaiming.begin(drops ? ReclaimIntent::drop : ReclaimIntent::keep, at.pack(),
                           log_.chunk(at.chunk).first_count.load(kOwn),
                           {dead, known.redelivered.load(kOwn), known.dead_lettered.load(kOwn),
                            known.dropped.load(kOwn)});
    PROCESSION_STEP("death.item_begun");
}

// A finished item may be gone with its chunk, which may even have been used again: then its words
// mean nothing. As long as it is not finished, its chunk stays.
DeathLog::Became DeathLog::item_became() const {
    const auto at = Position::unpack(area_.reclaiming.subject());
    const LeaseWord lease = LeaseWord::unpack(log_.lease_at(at).load(std::memory_order_acquire));
    // Still the same chunk afterwards: it was the item's lease that was read.
    const bool is_there = pool_.block(at.chunk).state == shm::BlockState::chunk &&
                          log_.chunk(at.chunk).first_count.load(std::memory_order_acquire) ==
                              area_.reclaiming.epoch();
    if (!is_there || lease.state == LeaseState::finished) return Became::finished;
    return lease.state == LeaseState::returned ? Became::returned : Became::nothing;
}

void DeathLog::end_reclaim() {
    const auto& intent = area_.reclaiming;
    if (!intent.is_open()) return;
    const std::uint64_t dead = intent.value(kReclaimedFrom);
    require(dead < shm::kParticipantsMax, "an item is taken over from an impossible participant");
    Fate& known = fate(static_cast<std::uint32_t>(dead));
    const auto one_more = [&](ReclaimValue before) {
        return static_cast<std::uint32_t>(intent.value(before)) + 1;
    };
    switch (item_became()) {
        case Became::nothing: break;
        case Became::returned:
            known.redelivered.store(one_more(kRedeliveredBefore), kOrdered);
            break;
        case Became::finished:
            if (intent.is(ReclaimIntent::drop)) {
                known.dropped.store(one_more(kDroppedBefore), kOrdered);
            } else {
                known.dead_lettered.store(one_more(kDeadLetteredOfIt), kOrdered);
            }
            break;
    }
    PROCESSION_STEP("death.item_counted");
    area_.reclaiming.end();
    PROCESSION_STEP("death.item_settled");
}

// Whether the last death is that of the participant which has the slot now.
bool DeathLog::is_last(std::uint32_t slot) const noexcept {
    const std::uint64_t last = count();
    if (last == 0) return false;
    const DeathRecord& record = place_of(last);
    return record.slot.load(kOwn) == slot &&
           record.id.load(kOwn) == segment_.participant(slot).id.load(kOwn);
}

void DeathLog::note_last() noexcept {
    const std::uint64_t last = count();
    if (last == 0) return;
    const std::uint32_t slot = place_of(last).slot.load(kOwn);
    if (slot < shm::kParticipantsMax && is_last(slot)) set(slot, kRecorded);
    PROCESSION_STEP("death.last_noted");
}

bool DeathLog::record(std::uint32_t dead) {
    if (has(dead, kRecorded) || is_last(dead)) return false;
    note_last();
    const shm::ParticipantSlot& who = segment_.participant(dead);
    const Fate& known = fate(dead);
    const std::uint64_t last = count();
    const DeathRecord& before = place_of(last);
    const std::uint64_t lost_before = last == 0 ? 0 : before.lost_in_all.load(kOwn);
    const std::uint64_t locks_before = last == 0 ? 0 : before.locks_in_all.load(kOwn);
    const std::uint32_t locks = known.flags.load(kOwn) & kHeldLocks;
    const std::uint32_t lost = known.lost_at_head.load(kOwn) + known.lost_in_blocks.load(kOwn);

    DeathRecord& fresh = place_of(last + 1);
    fresh.number.store(0, kOwn);
    // A reader that sees any of what follows sees the number changed.
    std::atomic_thread_fence(std::memory_order_release);
    PROCESSION_STEP("death.record_begun");
    fresh.id.store(who.id.load(kOwn), kOwn);
    fresh.joined_ns.store(who.joined_ns.load(kOwn), kOwn);
    fresh.noticed_ns.store(known.noticed_ns.load(kOwn), kOwn);
    fresh.repaired_ns.store(now_ns(), kOwn);
    fresh.lost_in_all.store(lost_before + lost, kOwn);
    fresh.locks_in_all.store(locks_before + static_cast<unsigned>(std::popcount(locks)), kOwn);
    fresh.pid.store(who.pid.load(kOwn), kOwn);
    fresh.slot.store(dead, kOwn);
    fresh.repairer_pid.store(static_cast<std::uint32_t>(os::current_process_id()), kOwn);
    fresh.locks.store(locks, kOwn);
    fresh.redelivered.store(known.redelivered.load(kOwn), kOwn);
    fresh.dead_lettered.store(known.dead_lettered.load(kOwn), kOwn);
    fresh.dropped.store(known.dropped.load(kOwn), kOwn);
    fresh.lost_in_hand.store(lost, kOwn);
    PROCESSION_STEP("death.record_written");
    fresh.number.store(last + 1, kOrdered);
    PROCESSION_STEP("death.record_numbered");
    // release: the commit. A reader that sees it sees the record.
    area_.deaths.store(last + 1, kOrdered);
    PROCESSION_STEP("death.recorded");
    set(dead, kRecorded);
    PROCESSION_STEP("death.noted");
    return true;
}

bool DeathLog::copy(std::uint64_t number, Copy& into) const {
    const DeathRecord& record = place_of(number);
    // acquire: pairs with record(); the rest is what was written before the number
    if (record.number.load(std::memory_order_acquire) != number) return false;
    Death& death = into.death;
    death.number = number;
    death.id = record.id.load(kOwn);
    death.joined = time_of(record.joined_ns.load(kOwn));
    death.noticed = time_of(record.noticed_ns.load(kOwn));
    death.repaired = time_of(record.repaired_ns.load(kOwn));
    death.pid = static_cast<int>(record.pid.load(kOwn));
    death.slot = record.slot.load(kOwn);
    death.repaired_by = static_cast<int>(record.repairer_pid.load(kOwn));
    death.redelivered = record.redelivered.load(kOwn);
    death.dead_lettered = record.dead_lettered.load(kOwn);
    death.dropped = record.dropped.load(kOwn);
    death.items_held = death.redelivered + death.dead_lettered + death.dropped;
    death.lost_in_hand = record.lost_in_hand.load(kOwn);
    const std::uint32_t locks = record.locks.load(kOwn);
    into.totals = {number, record.lost_in_all.load(kOwn), record.locks_in_all.load(kOwn)};
    // Not overwritten meanwhile; pairs with the fence in record().
    std::atomic_thread_fence(std::memory_order_acquire);
    if (record.number.load(kOwn) != number) return false;
    require(death.slot < shm::kParticipantsMax && (locks & ~kHeldLocks) == 0,
            "a record of a death describes an impossible one");
    death.held_producer_lock = (locks & kHeldTail) != 0;
    death.held_consumer_lock = (locks & kHeldHead) != 0;
    death.held_memory_lock = (locks & kHeldMemory) != 0;
    return true;
}

DeathLog::Totals DeathLog::totals() const {
    for (;;) {
        const std::uint64_t last = count();
        Copy found;
        if (last == 0) return {};
        if (copy(last, found)) return found.totals;
        require(count() != last, "the last death has no record");
    }
}

std::vector<Death> DeathLog::since(std::uint64_t number) const {
    constexpr std::uint64_t shown = kDeathsKept - 1;  // one may be in the making
    std::vector<Death> deaths;
    const std::uint64_t last = count();
    if (number >= last) return deaths;
    const std::uint64_t wanted = std::min(last - number, shown);
    for (std::uint64_t left = wanted; left > 0; --left) {
        Copy found;
        const std::uint64_t next = last - left + 1;
        if (copy(next, found)) {
            deaths.push_back(found.death);
        } else {
            require(count() - next >= shown, "a death has no record");
        }
    }
    return deaths;
}

}  // namespace procession::queue
