// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "procession/deadline.h"
#include "shm/layout.h"
#include "shm/lock_guard.h"
#include "shm/segment.h"

namespace procession::inline v0::detail::shm {

/// What an object counts of each dead participant. The object names them; those from kFirstSummed
/// on are also added up over all deaths.
inline constexpr std::uint32_t kTallies = 5;
inline constexpr std::uint32_t kFirstSummed = 3;
inline constexpr std::uint32_t kLocksMax = 8;

/// What was found out about a dead participant before its death is recorded. By slot; written only
/// by the holder of the claim on it, and cleared by the slot's next owner.
struct PendingDeath {
    // The locks that it held when it died: bits 0 to 7, by their numbers. Bits 8 to 12: the tally
    // is final. And:
    static constexpr std::uint32_t kLocks = 0xff;
    static constexpr std::uint32_t kFirstFinal = 1U << 8;
    static constexpr std::uint32_t kLocksKnown = 1U << 16;
    static constexpr std::uint32_t kRecorded = 1U << 17;

    std::atomic<std::uint32_t> flags;
    std::array<std::atomic<std::uint32_t>, kTallies> tallies;
    std::atomic<std::uint64_t> noticed_ns;
};
static_assert(sizeof(PendingDeath) == 32);

/// A death. Valid while its number is the expected one before and after it was read.
struct DeathRecord {
    std::atomic<std::uint64_t> number;
    std::atomic<std::uint64_t> id;
    std::atomic<std::uint64_t> joined_ns;
    std::atomic<std::uint64_t> noticed_ns;
    std::atomic<std::uint64_t> repaired_ns;
    // Over all deaths up to this one.
    std::array<std::atomic<std::uint64_t>, kTallies - kFirstSummed> sums;
    std::atomic<std::uint64_t> locks_in_all;
    std::atomic<std::uint32_t> pid;
    std::atomic<std::uint32_t> slot;
    std::atomic<std::uint32_t> repairer_pid;
    std::atomic<std::uint32_t> locks;
    std::array<std::atomic<std::uint32_t>, kTallies> tallies;
};
static_assert(sizeof(DeathRecord) == 104);

inline constexpr std::uint32_t kDeathsKept = 64;

struct DeathArea {
    // The number of the last death. Its store commits a record, which is complete by then.
    alignas(128) std::atomic<std::uint64_t> deaths;
    std::atomic<std::uint32_t> noted;               // an EventCount
    alignas(128) DeathRecord records[kDeathsKept];  // number n lies in (n - 1) % kDeathsKept
    PendingDeath pending[kParticipantsMax];
};
static_assert(sizeof(DeathArea) <= kDeathsBytes, "the record of deaths fits its place");

/// A recorded death, as the object's users are told of it.
struct DeathEntry {
    std::uint64_t number = 0;
    std::uint64_t id = 0;
    Deadline::Clock::time_point joined;
    Deadline::Clock::time_point noticed;
    Deadline::Clock::time_point repaired;
    int pid = 0;
    std::uint32_t slot = 0;
    int repaired_by = 0;
    std::uint32_t locks = 0;  // bit n: it held lock n
    std::array<std::uint32_t, kTallies> tallies{};
};

/// A lock that guards the death log names itself so: struct HeadLock { static constexpr bool
/// guards_deaths = true; }. Each object has one.
template <class Which>
concept GuardsDeaths = Which::guards_deaths;

/// The participants that died and what each of them held: counted and written down exactly once,
/// however many repairers die over it.
///
/// Guarantees:
///   1. Each death has exactly one record, which is there once all that the dead one held is
///      reclaimed; count() is the number of records ever written.
///   2. A tally is exact if its object notes it once, or computes it from an intent's value.
///   3. since() needs no lock and never waits. It shows at least the last kDeathsKept - 1 deaths.
///
/// Mechanism: what is found out piece by piece is kept in the dead one's PendingDeath, each piece
/// behind a flag that is set when it is final. The record is written into the ring, then committed
/// by the store to `deaths`. That the dead one is recorded follows from the last record, if its
/// repairer died before it could note so.
///
/// Invariant: only the last record can lack its kRecorded: a process sets it before it writes the
/// next record.
class DeathLog {
  public:
    explicit DeathLog(const Segment& segment)
        : segment_(segment), area_(*reinterpret_cast<DeathArea*>(segment.deaths())) {}

    // By the holder of the claim on a dead participant.
    void notice(std::uint32_t dead) noexcept;
    /// Before a lock that it holds is released.
    void note_lock(std::uint32_t dead, std::uint32_t lock) noexcept;
    /// All locks were looked at: a lock that the slot holds from now on is its repairer's.
    void end_of_locks(std::uint32_t dead) noexcept { set(dead, PendingDeath::kLocksKnown); }
    [[nodiscard]] bool are_locks_known(std::uint32_t dead) const noexcept {
        return has(dead, PendingDeath::kLocksKnown);
    }
    /// The first call for a tally is the one that counts. To be called before what is counted is
    /// changed.
    void note_tally_once(std::uint32_t dead, std::uint32_t tally, std::uint32_t number) noexcept;
    /// Whether the death of the participant in the slot is recorded.
    [[nodiscard]] bool is_recorded(std::uint32_t slot) const noexcept {
        return has(slot, PendingDeath::kRecorded) || is_last(slot);
    }
    /// By the slot's next owner, before it joins.
    void forget(std::uint32_t slot) noexcept;

    // Under the object's lock for this.
    [[nodiscard]] std::uint32_t tally(std::uint32_t dead, std::uint32_t tally) const noexcept {
        return pending(dead).tallies[tally].load(std::memory_order_acquire);
    }
    template <GuardsDeaths Which>
    void set_tally(Holds<Which> /*lock*/, std::uint32_t dead, std::uint32_t tally,
                   std::uint32_t number) noexcept {
        // release: stored in program order for the next repairer
        pending(dead).tallies[tally].store(number, std::memory_order_release);
    }
    /// Everything is reclaimed. Does nothing when the death is recorded already.
    /// Returns: whether this call has recorded it.
    template <GuardsDeaths Which>
    bool record(Holds<Which> /*lock*/, std::uint32_t dead) {
        return record(dead);
    }

    // Under no lock.
    [[nodiscard]] std::uint64_t count() const noexcept {
        return area_.deaths.load(std::memory_order_acquire);  // pairs with record()
    }
    struct Totals {
        std::uint64_t deaths = 0;
        std::uint64_t locks_repaired = 0;
        std::array<std::uint64_t, kTallies - kFirstSummed> sums{};
    };
    /// Of one instant. Throws Corrupt.
    [[nodiscard]] Totals totals() const;
    /// Oldest first. Throws Corrupt.
    [[nodiscard]] std::vector<DeathEntry> since(std::uint64_t number) const;
    /// The word of the EventCount that is notified of each death.
    [[nodiscard]] std::atomic<std::uint32_t>& noted() const noexcept { return area_.noted; }

  private:
    struct Copy {
        DeathEntry death;
        Totals totals;
    };
    [[nodiscard]] PendingDeath& pending(std::uint32_t slot) const noexcept {
        return area_.pending[slot];
    }
    [[nodiscard]] DeathRecord& record_of(std::uint64_t number) const noexcept {
        return area_.records[(number - 1) % kDeathsKept];
    }
    void set(std::uint32_t slot, std::uint32_t flags) noexcept;
    [[nodiscard]] bool has(std::uint32_t slot, std::uint32_t flag) const noexcept {
        return (pending(slot).flags.load(std::memory_order_acquire) & flag) != 0;
    }
    bool record(std::uint32_t dead);
    void write_record(std::uint64_t number, std::uint32_t dead) noexcept;
    [[nodiscard]] bool is_last(std::uint32_t slot) const noexcept;
    void note_last() noexcept;
    [[nodiscard]] bool copy(std::uint64_t number, Copy& into) const;

    const Segment& segment_;
    DeathArea& area_;
};

}  // namespace procession::inline v0::detail::shm
