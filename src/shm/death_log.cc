// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/death_log.h"

#include <algorithm>
#include <bit>
#include <chrono>

#include "base/step.h"
#include "os/child.h"
#include "shm/corrupt.h"
#include "shm/memory_orders.h"

namespace procession::inline v0::detail::shm {

namespace {

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
    pending(slot).flags.store(pending(slot).flags.load(kOwn) | flags, kOrdered);
}

void DeathLog::notice(std::uint32_t dead) noexcept {
    auto& noticed = pending(dead).noticed_ns;
    if (noticed.load(kOwn) == 0) noticed.store(now_ns(), kOrdered);
    PROCESSION_STEP("death.noticed");
}

void DeathLog::note_lock(std::uint32_t dead, std::uint32_t lock) noexcept {
    if (!are_locks_known(dead)) set(dead, 1U << lock);
    PROCESSION_STEP("death.lock_noted");
}

void DeathLog::note_tally_once(std::uint32_t dead, std::uint32_t tally,
                               std::uint32_t number) noexcept {
    const std::uint32_t is_final = PendingDeath::kFirstFinal << tally;
    if (has(dead, is_final)) return;
    pending(dead).tallies[tally].store(number, kOrdered);
    PROCESSION_STEP("death.tally_weighed");
    set(dead, is_final);
    PROCESSION_STEP("death.tally_counted");
}

void DeathLog::forget(std::uint32_t slot) noexcept {
    PendingDeath& old = pending(slot);
    for (auto& tally : old.tallies) tally.store(0, kOrdered);
    old.flags.store(0, kOrdered);
    old.noticed_ns.store(0, kOrdered);
    PROCESSION_STEP("join.pending_death_cleared");
}

// Whether the last death is that of the participant which has the slot now.
bool DeathLog::is_last(std::uint32_t slot) const noexcept {
    const std::uint64_t last = count();
    if (last == 0) return false;
    const DeathRecord& record = record_of(last);
    return record.slot.load(kOwn) == slot &&
           record.id.load(kOwn) == segment_.participant(slot).id.load(kOwn);
}

void DeathLog::note_last() noexcept {
    const std::uint64_t last = count();
    if (last == 0) return;
    const std::uint32_t slot = record_of(last).slot.load(kOwn);
    if (slot < kParticipantsMax && is_last(slot)) set(slot, PendingDeath::kRecorded);
    PROCESSION_STEP("death.last_noted");
}

bool DeathLog::record(std::uint32_t dead) {
    if (is_recorded(dead)) return false;
    note_last();
    const std::uint64_t number = count() + 1;
    write_record(number, dead);
    // release: the commit. A reader that sees it sees the record.
    area_.deaths.store(number, kOrdered);
    PROCESSION_STEP("death.recorded");
    set(dead, PendingDeath::kRecorded);
    PROCESSION_STEP("death.noted");
    return true;
}

void DeathLog::write_record(std::uint64_t number, std::uint32_t dead) noexcept {
    const ParticipantSlot& participant = segment_.participant(dead);
    const PendingDeath& known = pending(dead);
    const DeathRecord* const before = number == 1 ? nullptr : &record_of(number - 1);
    const std::uint32_t locks = known.flags.load(kOwn) & PendingDeath::kLocks;
    const auto locks_before = before == nullptr ? 0 : before->locks_in_all.load(kOwn);

    DeathRecord& fresh = record_of(number);
    fresh.number.store(0, kOwn);
    // A reader that sees any of what follows sees the number changed.
    std::atomic_thread_fence(std::memory_order_release);
    PROCESSION_STEP("death.record_begun");
    fresh.id.store(participant.id.load(kOwn), kOwn);
    fresh.joined_ns.store(participant.joined_ns.load(kOwn), kOwn);
    fresh.noticed_ns.store(known.noticed_ns.load(kOwn), kOwn);
    fresh.repaired_ns.store(now_ns(), kOwn);
    fresh.locks_in_all.store(locks_before + static_cast<unsigned>(std::popcount(locks)), kOwn);
    fresh.pid.store(participant.pid.load(kOwn), kOwn);
    fresh.slot.store(dead, kOwn);
    fresh.repairer_pid.store(static_cast<std::uint32_t>(os::current_process_id()), kOwn);
    fresh.locks.store(locks, kOwn);
    for (std::uint32_t i = 0; i < kTallies; ++i) {
        const std::uint32_t tally = known.tallies[i].load(kOwn);
        fresh.tallies[i].store(tally, kOwn);
        if (i < kFirstSummed) continue;
        const std::uint32_t sum = i - kFirstSummed;
        const auto sum_before = before == nullptr ? 0 : before->sums[sum].load(kOwn);
        fresh.sums[sum].store(sum_before + tally, kOwn);
    }
    PROCESSION_STEP("death.record_written");
    fresh.number.store(number, kOrdered);
    PROCESSION_STEP("death.record_numbered");
}

bool DeathLog::copy(std::uint64_t number, Copy& into) const {
    const DeathRecord& record = record_of(number);
    // acquire: pairs with write_record(); the rest is what was written before the number
    if (record.number.load(std::memory_order_acquire) != number) return false;
    DeathEntry& death = into.death;
    death.number = number;
    death.id = record.id.load(kOwn);
    death.joined = time_of(record.joined_ns.load(kOwn));
    death.noticed = time_of(record.noticed_ns.load(kOwn));
    death.repaired = time_of(record.repaired_ns.load(kOwn));
    death.pid = static_cast<int>(record.pid.load(kOwn));
    death.slot = record.slot.load(kOwn);
    death.repaired_by = static_cast<int>(record.repairer_pid.load(kOwn));
    death.locks = record.locks.load(kOwn);
    for (std::uint32_t i = 0; i < kTallies; ++i) death.tallies[i] = record.tallies[i].load(kOwn);
    into.totals.deaths = number;
    into.totals.locks_repaired = record.locks_in_all.load(kOwn);
    for (std::uint32_t i = 0; i < into.totals.sums.size(); ++i) {
        into.totals.sums[i] = record.sums[i].load(kOwn);
    }
    // Not overwritten meanwhile; pairs with the fence in write_record().
    std::atomic_thread_fence(std::memory_order_acquire);
    if (record.number.load(kOwn) != number) return false;
    require(death.slot < kParticipantsMax && (death.locks & ~PendingDeath::kLocks) == 0,
            "a record of a death describes an impossible one");
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

std::vector<DeathEntry> DeathLog::since(std::uint64_t number) const {
    constexpr std::uint64_t shown = kDeathsKept - 1;  // one may be in the making
    std::vector<DeathEntry> deaths;
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

}  // namespace procession::inline v0::detail::shm
