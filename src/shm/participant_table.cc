// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/participant_table.h"

#include <chrono>
#include <string>

#include "base/logging.h"
#include "base/step.h"
#include "os/child.h"
#include "procession/error.h"

namespace procession::inline v0::detail::shm {

ParticipantTable::ParticipantTable(const Segment& segment) : segment_(segment) {
    if (const std::error_code failed = self_.map()) {
        throw OSError(failed, "open", segment.name(), "cannot map a page of this process's own");
    }
    self_->is_own.store(kOwn, std::memory_order_relaxed);  // relaxed: no other thread knows us
    start_listening();
}

ParticipantTable::~ParticipantTable() {
    stop_listening();
    // In a child there is nothing to unlock: it is wiped.
    self_->lock.unlock();
}

std::error_code ParticipantTable::try_lock(std::uint32_t slot, os::ByteLock& taken,
                                           decltype(os::ByteLock::try_lock)* how) noexcept {
    const std::lock_guard guard(locking_);
    return how(segment_.file(), segment_.identity(), byte_of(slot), taken);
}

std::uint32_t ParticipantTable::claim_slot(bool& stale) {
    // Free slots first; then slots whose owner died unnoticed.
    for (const bool take_stale : {false, true}) {
        for (std::uint32_t s = 0; s < kParticipantsMax; ++s) {
            // relaxed: a hint, the byte lock decides
            const auto state = segment_.participant(s).state.load(std::memory_order_relaxed);
            if ((state != kFreeSlot) != take_stale) continue;
            if (take_stale && !note_if_dead(s)) continue;
            // Not in a variable: leave_as_if_killed() gives it up when this is cut short.
            const std::error_code failed = try_lock(s, self_->lock);
            if (failed == std::errc::device_or_resource_busy) continue;
            if (failed) {
                throw OSError(
                    failed, "join", segment_.name(),
                    std::string("cannot lock this process's place in the shared memory: ") +
                        os::ByteLock::why(failed));
            }
            PROCESSION_STEP("join.locked");
            // acquire: pairs with release_slot() and leave(); what the last owner did is visible
            stale = segment_.participant(s).state.load(std::memory_order_acquire) != kFreeSlot;
            if (!stale || take_stale) return s;
            self_->lock.unlock();
        }
    }
    throw ProcessError({}, "join", segment_.name(),
                       "all " + std::to_string(kParticipantsMax) +
                           " participants are taken by live processes; close() the object in some");
}

void ParticipantTable::release_predecessor(std::uint32_t slot) noexcept {
    // The name changes before the slot becomes empty, as in release_slot(). So a process that has
    // read the old name in the word of a lock, and then sees the slot empty, also sees a new name.
    // Otherwise it would conclude that no participant ever took that lock.
    renew(slot);
    PROCESSION_STEP("join.predecessor_renewed");
    segment_.participant(slot).state.store(kFreeSlot, std::memory_order_release);
    PROCESSION_STEP("join.predecessor_released");
}

void ParticipantTable::publish(std::uint32_t slot) noexcept {
    ParticipantSlot& self = segment_.participant(slot);
    auto& end = segment_.header().participants_end;
    std::uint32_t seen = end.load(std::memory_order_relaxed);  // relaxed: retried by the exchange
    while (seen <= slot && !end.compare_exchange_weak(seen, slot + 1)) {}
    PROCESSION_STEP("join.counted");
    // The id first: a reader that reads it again after the other two knows whether they belong
    // together.
    self.id.store(segment_.header().joins.fetch_add(1) + 1, std::memory_order_release);
    PROCESSION_STEP("join.named");
    self.pid.store(static_cast<std::uint32_t>(os::current_process_id()), std::memory_order_release);
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    self.joined_ns.store(static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()),
                         std::memory_order_release);
    PROCESSION_STEP("join.described");
    renew(slot);
    self_->owner_token.store(owner_token_of(slot, epoch(slot)), std::memory_order_relaxed);
    PROCESSION_STEP("join.renewed");
    self.state.store(kJoined, std::memory_order_release);
    PROCESSION_STEP("join.joined");
    self_->slot_plus_1.store(slot + 1, std::memory_order_release);
    base::log(LogLevel::debug, "participant joined: pid %d is slot %u of '%s'",
              os::current_process_id(), slot, segment_.name().c_str());
}

std::uint32_t ParticipantTable::owner_token_of(std::uint32_t s, std::uint32_t epoch) noexcept {
    constexpr std::uint32_t slot_bits = 11;  // as RobustLock divides its word
    static_assert(kParticipantsMax < 1U << slot_bits);
    // Spread over the tag's bits, and never 0: small numbers, which stray writes leave, name no
    // owner.
    const std::uint32_t mixed = (epoch * 0x9e3779b1U) ^ (s * 0x85ebca6bU);
    return s | (mixed >> 12 | 1U) << slot_bits;
}

// By the holder of the byte lock. release: a lock taken by the new owner is seen after it.
void ParticipantTable::renew(std::uint32_t s) noexcept {
    auto& number = segment_.participant(s).epoch;
    number.store(number.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void ParticipantTable::leave() noexcept {
    const std::uint32_t slot = self_->slot_plus_1.exchange(0) - 1;
    if (slot == kNone) return;
    base::log(LogLevel::debug, "participant left: pid %d was slot %u of '%s'",
              os::current_process_id(), slot, segment_.name().c_str());
    free_slot(slot, self_->lock);
}

void ParticipantTable::leave_as_if_killed() noexcept {
    self_->slot_plus_1.store(0);
    // relaxed: no other thread uses the segment
    generation_.fetch_add(1, std::memory_order_relaxed);
    locking_.reset_after_fork();  // the thread that was cut short may have held it
    for (ClaimCell& cell : self_->claims) {
        cell.lock.unlock();
        cell.is_taken.store(0, std::memory_order_relaxed);
    }
    self_->lock.unlock();
}

bool ParticipantTable::is_dead(std::uint32_t s) const noexcept {
    if (s >= kParticipantsMax || s == slot()) return false;
    // acquire: pairs with publish(); a slot seen as joined was locked before
    if (segment_.participant(s).state.load(std::memory_order_acquire) == kFreeSlot) return false;
    return !seems_locked(segment_, s);
}

bool ParticipantTable::is_known_dead(std::uint32_t s) const noexcept {
    if (s == slot()) return false;
    const ParticipantSlot& slot = segment_.participant(s);
    if (slot.state.load(std::memory_order_acquire) == kFreeSlot) return false;
    const std::uint32_t dead = slot.dead_epoch.load(std::memory_order_acquire);
    return dead != 0 && dead == epoch(s);
}

// The epoch is the same before and after: it is the number of the owner that was found dead. That
// owner keeps the slot until it is repaired after, so a late store says nothing about the next one.
bool ParticipantTable::note_if_dead(std::uint32_t s) noexcept {
    const std::uint32_t number = epoch(s);
    if (!is_dead(s) || epoch(s) != number) return false;
    segment_.participant(s).dead_epoch.store(number, std::memory_order_release);
    PROCESSION_STEP("claim.death_known");
    return true;
}

std::error_code ParticipantTable::try_claim(std::uint32_t s, Claim& claim) noexcept {
    const auto not_now = std::make_error_code(std::errc::device_or_resource_busy);
    if (!note_if_dead(s)) return not_now;
    for (ClaimCell& cell : self_->claims) {
        // acquire: pairs with the release of the last user
        if (cell.is_taken.exchange(1, std::memory_order_acquire) != 0) continue;
        claim.cell_ = &cell;
        const std::error_code failed = try_lock(s, cell.lock, os::ByteLock::try_claim);
        const bool is_dead =
            !failed && segment_.participant(s).state.load(std::memory_order_acquire) != kFreeSlot;
        if (!is_dead) claim.release();
        return failed || is_dead ? failed : not_now;
    }
    return not_now;
}

void ParticipantTable::release_slot(std::uint32_t s, Claim& claim) noexcept {
    free_slot(s, claim.cell_->lock);
    claim.release();
}

void ParticipantTable::free_slot(std::uint32_t s, os::ByteLock& lock) noexcept {
    renew(s);
    PROCESSION_STEP("leave.renewed");
    // release: pairs with claim_slot(); the next owner sees everything repaired
    segment_.participant(s).state.store(kFreeSlot, std::memory_order_release);
    PROCESSION_STEP("leave.released");
    lock.unlock();
    PROCESSION_STEP("leave.unlocked");
}

void ParticipantTable::after_fork_in_child() noexcept {
    count_fork();
    self_->is_own.store(kOwn, std::memory_order_relaxed);
    locking_.unlock();
}

void ParticipantTable::after_unprepared_fork() noexcept {
    locking_.reset_after_fork();
    count_fork();
}

// relaxed: one thread exists
void ParticipantTable::count_fork() noexcept {
    generation_.fetch_add(1, std::memory_order_relaxed);
    forks_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace procession::inline v0::detail::shm
