// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/fork_local.h"
#include "os/at_fork.h"
#include "os/byte_lock.h"
#include "os/futex.h"
#include "os/wiped_on_fork.h"
#include "shm/segment.h"

namespace procession::inline v0::detail::shm {

/// This process's part in one segment, and the other participants there.
///
/// Guarantees:
///   1. claim_slot() returned s: the kernel keeps byte s locked for this process until leave() or
///      the end of the process; no other live process has slot s.
///   2. A child, however it was made, is no participant: it never has its parent's slot, and joins
///      as a new participant when it first needs to be one (P9).
///   3. The holder of the claim on a dead s is alone in repairing after it, among all threads of
///      all processes; if its process dies, the kernel gives up both bytes and the next process
///      repairs both.
class ParticipantTable final : public os::ForkListener {
  public:
    /// Whether any process takes part in the segment in `file`. Does not join it.
    [[nodiscard]] static bool has_live_participant(const os::Handle& file) noexcept {
        return os::ByteLock::is_any_locked(file, byte_of(0), byte_of(kParticipantsMax));
    }

    /// Whether a process holds the byte of slot `s`: whether the participant there is alive.
    [[nodiscard]] static bool seems_locked(const Segment& segment, std::uint32_t s) noexcept {
        return os::ByteLock::is_locked(segment.file(), segment.identity(), byte_of(s));
    }

    static constexpr std::uint32_t kNone = 0xffffffff;

    /// Throws: OSError.
    explicit ParticipantTable(const Segment& segment);
    ~ParticipantTable() override;
    ParticipantTable(const ParticipantTable&) = delete;
    ParticipantTable& operator=(const ParticipantTable&) = delete;

    /// This process's slot, or kNone. One load.
    [[nodiscard]] std::uint32_t slot() const noexcept {
        return self_->slot_plus_1.load(std::memory_order_acquire) - 1;  // pairs with publish()
    }

    /// The name of slot `s`'s owner in the words of locks: the slot, and above it a tag that every
    /// owner of the slot has for itself. So a word that no participant wrote names no owner, except
    /// by deliberate forgery: see SharedObject::owner_to_check. For this process's own slot, two
    /// loads of its own memory.
    [[nodiscard]] std::uint32_t owner_token(std::uint32_t s) const noexcept {
        // relaxed: a thread that knows its slot has synchronised with publish() in slot()
        if (s + 1 == self_->slot_plus_1.load(std::memory_order_relaxed)) {
            return self_->owner_token.load(std::memory_order_relaxed);
        }
        return owner_token_of(s, epoch(s));
    }
    [[nodiscard]] static std::uint32_t owner_token_of(std::uint32_t s,
                                                      std::uint32_t epoch) noexcept;
    /// Changes whenever slot `s` gets or loses its owner, at moments when no lock names it.
    [[nodiscard]] std::uint32_t epoch(std::uint32_t s) const noexcept {
        return segment_.participant(s).epoch.load(std::memory_order_acquire);
    }

    /// Takes a slot. `stale` is set when its last owner died and no process has repaired after it
    /// yet: the caller repairs as that owner, calls release_predecessor(), then publish(). Throws:
    /// OSError; ProcessError when all kParticipantsMax slots are taken.
    std::uint32_t claim_slot(bool& stale);
    void release_predecessor(std::uint32_t slot) noexcept;
    void publish(std::uint32_t slot) noexcept;
    /// Instead of publish(), when the repair failed: the slot is its dead owner's again.
    void give_up() noexcept { self_->lock.unlock(); }

    /// Gives up the byte lock, and all claims: the next process that notices takes over what this
    /// process owns in the segment, as after a death. Later this process may join again. The caller
    /// makes sure that no other thread of this process uses the segment.
    void leave_as_if_killed() noexcept;

    /// Gives the slot up. The caller holds no lock and owns nothing in the segment any more.
    void leave() noexcept;

    /// Whether slot `s` was joined by a process that is no more. False for this process's own, and
    /// while another process has the claim.
    [[nodiscard]] bool is_dead(std::uint32_t s) const noexcept;
    /// Whether the participant in slot `s` was found dead, and has it still: also while another
    /// process has the claim. No process gets the claim before this is true.
    [[nodiscard]] bool is_known_dead(std::uint32_t s) const noexcept;
    class Claim;
    /// The exclusive right to repair after a dead participant, for as long as `claim` lives.
    /// Returns: device_or_resource_busy when it is not dead, or another thread, of any process,
    ///          repairs already; another error when this process cannot (too many open files).
    [[nodiscard]] std::error_code try_claim(std::uint32_t s, Claim& claim) noexcept;
    /// After the repair: the slot is free again.
    void release_slot(std::uint32_t s, Claim& claim) noexcept;

    /// Counts the forks that this process has come through, and how often it left as if killed:
    /// state made before belongs to the parent, or to others.
    [[nodiscard]] std::uint32_t generation() const noexcept {
        // relaxed: changes only where no other thread uses the segment
        return generation_.load(std::memory_order_relaxed);
    }
    /// Counts the forks alone.
    [[nodiscard]] std::uint32_t forks() const noexcept {
        return forks_.load(std::memory_order_relaxed);  // relaxed: changes only in a fork child
    }
    /// Whether this process is a child that was made without at-fork handlers (_Fork, clone), and
    /// still has its parent's memory as it was. One load.
    [[nodiscard]] bool is_unprepared_child() const noexcept {
        return self_->is_own.load(std::memory_order_acquire) != kOwn;
    }
    /// Then, once, and before anything else: `prepare` runs in one thread, the others wait for it.
    template <class Prepare>
    void become_own(Prepare prepare) noexcept;

  private:
    // As many threads of this process can repair at a time.
    static constexpr std::size_t kClaimsMax = 32;
    struct ClaimCell {
        std::atomic<std::uint32_t> is_taken;
        os::ByteLock lock;
    };
    // All zero in a child.
    struct Self {
        std::atomic<std::uint32_t> slot_plus_1;
        std::atomic<std::uint32_t> is_own;
        std::atomic<std::uint32_t> owner_token;
        os::ByteLock lock;  // on the byte of the slot
        ClaimCell claims[kClaimsMax];
    };
    enum : std::uint32_t { kInherited = 0, kBecoming = 1, kOwn = 2 };

    void before_fork() noexcept override { locking_.lock(); }
    void after_fork_in_parent() noexcept override { locking_.unlock(); }
    void after_fork_in_child() noexcept override;

    void after_unprepared_fork() noexcept;

    [[nodiscard]] static std::uint64_t byte_of(std::uint32_t slot) noexcept {
        return kRegistryOffset + std::uint64_t{slot} * sizeof(ParticipantSlot);
    }
    [[nodiscard]] std::error_code try_lock(
        std::uint32_t slot, os::ByteLock& taken,
        decltype(os::ByteLock::try_lock)* how = os::ByteLock::try_lock) noexcept;
    /// Whether the slot's owner is dead. Makes that known.
    bool note_if_dead(std::uint32_t s) noexcept;
    void renew(std::uint32_t s) noexcept;
    void count_fork() noexcept;
    void free_slot(std::uint32_t s, os::ByteLock& lock) noexcept;

    const Segment& segment_;
    os::WipedOnFork<Self> self_;
    // Held while a lock comes into being, and across fork: no child inherits the descriptor that is
    // open in between.
    base::ForkSafeMutex locking_;
    std::atomic<std::uint32_t> generation_{0};
    std::atomic<std::uint32_t> forks_{0};
};

/// The right to repair after one dead participant. It lies in the ParticipantTable, not here: when
/// the repair is cut short, leave_as_if_killed() gives it up.
class ParticipantTable::Claim {
  public:
    Claim() = default;
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    ~Claim() { release(); }

    void release() noexcept {
        if (cell_ == nullptr) return;
        cell_->lock.unlock();
        // release: pairs with the exchange in try_claim()
        cell_->is_taken.store(0, std::memory_order_release);
        cell_ = nullptr;
    }

  private:
    friend class ParticipantTable;
    ClaimCell* cell_ = nullptr;
};

template <class Prepare>
void ParticipantTable::become_own(Prepare prepare) noexcept {
    std::uint32_t found = kInherited;
    // acq_rel: pairs with the release below, what another thread has prepared is visible
    if (self_->is_own.compare_exchange_strong(found, kBecoming, std::memory_order_acq_rel)) {
        after_unprepared_fork();
        prepare();
        self_->is_own.store(kOwn, std::memory_order_release);
        return;
    }
    while (is_unprepared_child()) os::pause();
}

}  // namespace procession::inline v0::detail::shm
