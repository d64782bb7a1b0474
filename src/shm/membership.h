// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "os/at_fork.h"
#include "os/byte_locks.h"
#include "shm/segment.h"

namespace procession::shm {

/// Who this process is in one segment, and who else lives there.
///
/// Guarantees:
///   1. join() returned slot s: the kernel keeps byte s locked for this process until leave() or
///      the end of the process; no other live process has slot s.
///   2. A fork child is nobody: it never has its parent's slot, and joins as a new participant when
///      it first needs to be one (P9).
///   3. Whoever holds try_claim(s) for a dead s is alone in repairing after it; if it dies itself,
///      the kernel gives up both of its bytes and the next one repairs both.
class Membership final : public os::ForkListener {
  public:
    static constexpr std::uint32_t kNone = 0xffffffff;

    explicit Membership(const Segment& segment) : segment_(segment) { start_listening(); }
    ~Membership() override { stop_listening(); }
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;

    /// This process's slot, or kNone. One load.
    [[nodiscard]] std::uint32_t slot() const noexcept {
        return slot_.load(std::memory_order_acquire);  // pairs with join(): the slot is ours
    }

    /// What the owner of slot `s` is called in the words of locks: the slot, and above it a tag
    /// that every owner of the slot has for itself. So a word that no participant wrote does not
    /// name one, but by deliberate forgery: see Core::owner_to_look_after. For this process's own
    /// slot, two loads of its own memory.
    [[nodiscard]] std::uint32_t lock_name(std::uint32_t s) const noexcept {
        // relaxed: a thread that knows its slot has synchronised with confirm() in slot()
        if (s == slot_.load(std::memory_order_relaxed)) {
            return lock_name_.load(std::memory_order_relaxed);
        }
        return name_of(s, incarnation(s));
    }
    [[nodiscard]] static std::uint32_t name_of(std::uint32_t s, std::uint32_t incarnation) noexcept;
    /// Changes whenever slot `s` gets or loses its owner, at moments when no lock names it.
    [[nodiscard]] std::uint32_t incarnation(std::uint32_t s) const noexcept {
        return segment_.participant(s).incarnation.load(std::memory_order_acquire);
    }

    /// Takes a slot. `stale` is set when its last owner died and nobody has repaired yet: the
    /// caller repairs as that owner, then calls confirm(). Throws: OSError; ProcessError when all
    /// kParticipantsMax slots are taken.
    std::uint32_t claim_slot(bool& stale);
    void confirm(std::uint32_t slot) noexcept;
    /// Instead of confirm(), when the repair failed: the slot is its dead owner's again.
    void give_up(std::uint32_t slot) noexcept { locks_.unlock(byte_of(slot)); }

    /// Gives the slot up. The caller holds no lock and owns nothing in the segment any more.
    void leave() noexcept;

    /// Whether slot `s` was joined by a process that is no more. False for this process's own.
    [[nodiscard]] bool is_dead(std::uint32_t s) const noexcept;
    /// The exclusive right to repair after a dead participant; false when it lives after all, or
    /// somebody repairs already. Also excludes other threads of this process.
    [[nodiscard]] bool try_claim(std::uint32_t s) noexcept;
    void release_claim(std::uint32_t s) noexcept;
    /// After the repair: the slot is free again.
    void bury(std::uint32_t s) noexcept;

    /// Counts the forks this process has come through: state made before one belongs to the parent.
    [[nodiscard]] std::uint32_t generation() const noexcept {
        return generation_.load(
            std::memory_order_relaxed);  // relaxed: changes only in a fork child
    }

  private:
    void before_fork() noexcept override { opening_.lock(); }
    void after_fork_in_parent() noexcept override { opening_.unlock(); }
    void after_fork_in_child() noexcept override;

    [[nodiscard]] static std::uint64_t byte_of(std::uint32_t slot) noexcept {
        return kRegistryOffset + std::uint64_t{slot} * sizeof(Participant);
    }

    void renew(std::uint32_t s) noexcept;
    [[nodiscard]] bool claim_here(std::uint32_t s) noexcept;
    void unclaim_here(std::uint32_t s) noexcept;

    const Segment& segment_;
    // Held while the lock descriptor comes into being, and across fork: a child knows all that it
    // has to close.
    std::mutex opening_;
    // Byte locks do not exclude threads of one process from each other: these bits do, one a slot.
    std::array<std::atomic<std::uint64_t>, kParticipantsMax / 64> claimed_{};
    os::ByteLocks locks_;
    std::atomic<std::uint32_t> slot_{kNone};
    std::atomic<std::uint32_t> lock_name_{0};
    std::atomic<std::uint32_t> generation_{0};
};

}  // namespace procession::shm
