// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/membership.h"

#include <unistd.h>

#include <chrono>
#include <string>

#include "base/logging.h"
#include "base/step.h"
#include "procession/error.h"

namespace procession::shm {

std::uint32_t Membership::claim_slot(bool& stale) {
    {
        const std::lock_guard guard(opening_);
        if (!locks_.is_open()) {
            if (const std::error_code failed = locks_.open(segment_.file())) {
                throw OSError(failed, "join", segment_.name(),
                              "cannot open the liveness lock of the shared memory; is /proc "
                              "mounted and the number of open files below its limit?");
            }
        }
    }
    // Free slots first; then those whose owner died unnoticed.
    for (const bool take_stale : {false, true}) {
        for (std::uint32_t s = 0; s < kParticipantsMax; ++s) {
            // relaxed: a hint, the byte lock decides
            const auto state = segment_.participant(s).state.load(std::memory_order_relaxed);
            if ((state != kNobody) != take_stale) continue;
            if (!locks_.try_lock(byte_of(s))) continue;
            PROCESSION_STEP("join.locked");
            // acquire: pairs with bury() and leave(); what the last owner did is visible
            stale = segment_.participant(s).state.load(std::memory_order_acquire) != kNobody;
            if (stale && !take_stale) {
                locks_.unlock(byte_of(s));
                continue;
            }
            return s;
        }
    }
    throw ProcessError({}, "join", segment_.name(),
                       "all " + std::to_string(kParticipantsMax) +
                           " participants are taken by live processes; close() the queue in some");
}

void Membership::confirm(std::uint32_t slot) noexcept {
    Participant& self = segment_.participant(slot);
    auto& end = segment_.header().participants_end;
    std::uint32_t seen = end.load(std::memory_order_relaxed);  // relaxed: retried by the exchange
    while (seen <= slot && !end.compare_exchange_weak(seen, slot + 1)) {}
    PROCESSION_STEP("join.counted");
    self.pid.store(static_cast<std::uint32_t>(::getpid()), std::memory_order_relaxed);
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    self.joined_ns.store(static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()),
                         std::memory_order_relaxed);  // relaxed: published by `state`
    renew(slot);
    lock_name_.store(name_of(slot, incarnation(slot)), std::memory_order_relaxed);
    self.state.store(kJoined, std::memory_order_release);
    PROCESSION_STEP("join.joined");
    slot_.store(slot, std::memory_order_release);
    base::log(LogLevel::debug, "participant joined: pid %d is slot %u of '%s'",
              static_cast<int>(::getpid()), slot, segment_.name().c_str());
}

std::uint32_t Membership::name_of(std::uint32_t s, std::uint32_t incarnation) noexcept {
    constexpr std::uint32_t slot_bits = 11;  // as sync::OwnerLock divides its word
    static_assert(kParticipantsMax < 1U << slot_bits);
    // Spread over the tag's bits, and never 0: small numbers, which stray writes leave, name
    // nobody.
    const std::uint32_t mixed = (incarnation * 0x9e3779b1U) ^ (s * 0x85ebca6bU);
    return s | (mixed >> 12 | 1U) << slot_bits;
}

// By who has the byte lock. release: a lock taken by the new owner is seen after it.
void Membership::renew(std::uint32_t s) noexcept {
    auto& number = segment_.participant(s).incarnation;
    number.store(number.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void Membership::leave() noexcept {
    const std::uint32_t slot = slot_.exchange(kNone);
    if (slot == kNone) return;
    base::log(LogLevel::debug, "participant left: pid %d was slot %u of '%s'",
              static_cast<int>(::getpid()), slot, segment_.name().c_str());
    bury(slot);
}

bool Membership::is_dead(std::uint32_t s) const noexcept {
    if (s >= kParticipantsMax || s == slot()) return false;
    // acquire: pairs with confirm(); a slot seen as joined was locked before
    if (segment_.participant(s).state.load(std::memory_order_acquire) == kNobody) return false;
    return !locks_.is_locked_by_another(byte_of(s));
}

bool Membership::claim_here(std::uint32_t s) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (s % 64);
    // acquire: pairs with unclaim_here(), the repair by another thread is visible
    return (claimed_[s / 64].fetch_or(bit, std::memory_order_acquire) & bit) == 0;
}

void Membership::unclaim_here(std::uint32_t s) noexcept {
    claimed_[s / 64].fetch_and(~(std::uint64_t{1} << (s % 64)), std::memory_order_release);
}

bool Membership::try_claim(std::uint32_t s) noexcept {
    if (s == slot() || !claim_here(s)) return false;
    const bool locked = locks_.try_lock(byte_of(s));
    if (locked && segment_.participant(s).state.load(std::memory_order_acquire) != kNobody) {
        return true;
    }
    if (locked) locks_.unlock(byte_of(s));
    unclaim_here(s);
    return false;
}

void Membership::release_claim(std::uint32_t s) noexcept {
    locks_.unlock(byte_of(s));
    unclaim_here(s);
}

void Membership::bury(std::uint32_t s) noexcept {
    renew(s);
    // release: pairs with claim_slot(); the next owner sees everything repaired
    segment_.participant(s).state.store(kNobody, std::memory_order_release);
    PROCESSION_STEP("leave.buried");
    locks_.unlock(byte_of(s));
}

void Membership::after_fork_in_child() noexcept {
    locks_.abandon_in_fork_child();
    slot_.store(kNone, std::memory_order_relaxed);  // relaxed: one thread exists
    generation_.fetch_add(1, std::memory_order_relaxed);
    // Another thread of the parent may have been repairing: its claims are not ours.
    for (auto& bits : claimed_) bits.store(0, std::memory_order_relaxed);
    opening_.unlock();
}

}  // namespace procession::shm
