// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "base/step.h"
#include "os/futex.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::shm {

/// Whether another process can run while this one polls.
[[nodiscard]] bool spinning_pays() noexcept;

/// Asked by a waiter that suspects the holder of a lock.
class DeadOwnerHandler {
  public:
    DeadOwnerHandler() = default;
    DeadOwnerHandler(const DeadOwnerHandler&) = delete;
    DeadOwnerHandler& operator=(const DeadOwnerHandler&) = delete;
    /// If the owner that the lock's word names is dead: repairs what the lock guards and releases
    /// the lock.
    virtual void check_owner(const std::atomic<std::uint32_t>& lock) = 0;

  protected:
    virtual ~DeadOwnerHandler() = default;
};

/// A lock between processes, in one shared word, that knows its owner.
///
/// Guarantee: acquire() returns true once no live owner holds the lock, whatever killed the former
/// ones and at which instruction; or false at the deadline. A stopped owner delays, never corrupts.
///
/// Mechanism: the word is 0, or the owner's name + 1, with the top bit set while a waiter may sleep
/// on it. A name is a slot in the low 11 bits and above it a tag, the same for all locks that the
/// owner takes; only the DeadOwnerHandler gives the tag a meaning. Waiters spin a little, then
/// sleep in slices; after every slice they ask the DeadOwnerHandler whether the owner lives. A
/// waker that dies between releasing and waking costs the sleepers one slice.
///
/// Invariants:
///   1. The word changes from 0 to an owner only by that owner's compare-exchange.
///   2. From an owner to 0: by that owner, or by the holder of the claim on the dead owner.
class RobustLock {
  public:
    static constexpr std::uint32_t kSleepers = 0x80000000;

    static constexpr std::uint32_t kSlotBits = 11;
    static constexpr std::uint32_t kTagBits = 20;
    static_assert(kSlotBits + kTagBits == 31, "a name and the sleepers' bit fill the word");

    /// `me` is the caller's name.
    RobustLock(std::atomic<std::uint32_t>& word, std::uint32_t me) : word_(word), me_(me + 1) {}

    /// Takes the lock if it is free now.
    [[nodiscard]] bool try_acquire() noexcept {
        std::uint32_t free = 0;
        // acquire: pairs with release() of the last owner; what it guarded is visible
        const bool taken = word_.compare_exchange_strong(free, me_, std::memory_order_acquire,
                                                         std::memory_order_relaxed);
        PROCESSION_STEP("lock.acquired");
        return taken;
    }
    [[nodiscard]] bool acquire(Deadline deadline, DeadOwnerHandler& watch) {
        return try_acquire() || acquire_slowly(deadline, watch);
    }

    void release() noexcept { release(word_); }

    /// Also by the repairer on behalf of the dead owner.
    static void release(std::atomic<std::uint32_t>& word) noexcept {
        PROCESSION_STEP("lock.releasing");
        // release: pairs with the next acquire. seq_cst: with the fence of a EventCount's look
        // behind it, what was done under the lock is visible before that look.
        const std::uint32_t last = word.exchange(0, std::memory_order_seq_cst);
        PROCESSION_STEP("lock.released");
        if ((last & kSleepers) != 0) os::futex_wake(word, 1);
    }

    /// The name of the owner in a word that is not 0.
    [[nodiscard]] static std::uint32_t token_of_owner(std::uint32_t word) noexcept {
        return (word & ~kSleepers) - 1;
    }
    /// Its slot; an impossible one where the word was not made by an RobustLock.
    [[nodiscard]] static std::uint32_t owner_of(std::uint32_t word) noexcept {
        return token_of_owner(word) & ((1U << kSlotBits) - 1);
    }
    [[nodiscard]] static bool is_owned_by(const std::atomic<std::uint32_t>& word,
                                          std::uint32_t slot) noexcept {
        const std::uint32_t now = word.load(std::memory_order_acquire);
        return now != 0 && owner_of(now) == slot;
    }

  private:
    [[nodiscard]] bool acquire_slowly(Deadline deadline, DeadOwnerHandler& watch);

    std::atomic<std::uint32_t>& word_;
    const std::uint32_t me_;
};

}  // namespace procession::inline v0::detail::shm
