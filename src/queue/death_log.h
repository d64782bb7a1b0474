// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "procession/death.h"
#include "queue/death_area.h"
#include "queue/record_log.h"
#include "shm/segment.h"

namespace procession::queue {

/// The participants that died and what each of them held: counted and written down exactly once,
/// however many repairers die over it.
///
/// Guarantees:
///   1. Each death has exactly one record, which is there once all that the dead one held is taken
///      over; count() is the number of records ever written.
///   2. What a record says of items is exact: each item counts once, by its fate.
///   3. since() needs no lock and never waits. It shows at least the last kDeathsKept - 1 deaths.
///
/// Mechanism: what is found out piece by piece is kept in the dead one's Fate, each piece behind a
/// flag that is set when it is final. Before an item is taken over, an intent names it; its
/// lease tells afterwards whether that has happened. The record is written into the ring, then
/// committed by the store to `deaths`. That the dead one is recorded follows from the last record,
/// if its repairer died before it could note so.
///
/// Invariant: only the last record can lack its kRecorded: a process sets it before it writes the
/// next record.
class DeathLog {
  public:
    DeathLog(const shm::Segment& segment, const RecordLog& log, shm::BlockPool& pool)
        : segment_(segment),
          area_(*reinterpret_cast<DeathArea*>(segment.deaths())),
          log_(log),
          pool_(pool) {}

    // By the holder of the claim on a dead participant.
    void notice(std::uint32_t dead) noexcept;
    /// Before a lock that it holds is released.
    void note_lock(std::uint32_t dead, FateFlag lock) noexcept;
    /// All locks were looked at: a lock that the slot holds from now on is its repairer's.
    void end_of_locks(std::uint32_t dead) noexcept { set(dead, kLocksKnown); }
    /// Items that the holder of a plain queue's head lock had taken: before they are counted.
    void note_lost_at_head(std::uint32_t dead, std::uint32_t items) noexcept;
    /// Blocks that it was copying an item from: before they are freed.
    void note_lost_in_blocks(std::uint32_t dead, std::uint32_t items) noexcept;
    /// By the slot's next owner, before it joins.
    void forget(std::uint32_t slot) noexcept;

    // Under the head lock.
    /// Before an item of a dead participant is taken over. `drops`: not into the dead letters.
    void begin_reclaim(std::uint32_t dead, Position at, bool drops);
    /// After it, by the process that took the item over, or by the one that has the claim on that
    /// process when it died over it. Idempotent.
    void end_reclaim();
    /// Instead, when taking over failed: the item is the dead one's still.
    void forget_reclaim() noexcept { area_.reclaiming.end(); }
    /// Whether an item that it held is a dead letter now.
    [[nodiscard]] bool has_dead_lettered(std::uint32_t dead) const noexcept {
        return fate(dead).dead_lettered.load(std::memory_order_acquire) != 0;
    }
    /// Everything is taken over. Does nothing when the death is recorded already.
    /// Returns: whether this call has recorded it.
    bool record(std::uint32_t dead);

    // Under no lock.
    [[nodiscard]] std::uint64_t count() const noexcept {
        return area_.deaths.load(std::memory_order_acquire);  // pairs with record()
    }
    struct Totals {
        std::uint64_t deaths = 0;
        std::uint64_t lost_in_hand = 0;
        std::uint64_t locks_repaired = 0;
    };
    /// Of one instant.
    [[nodiscard]] Totals totals() const;
    /// Oldest first.
    [[nodiscard]] std::vector<Death> since(std::uint64_t number) const;
    [[nodiscard]] std::atomic<std::uint32_t>& bell() const noexcept { return area_.bell; }

  private:
    struct Copy {
        Death death;
        Totals totals;
    };
    [[nodiscard]] Fate& fate(std::uint32_t slot) const noexcept { return area_.fates[slot]; }
    [[nodiscard]] DeathRecord& place_of(std::uint64_t number) const noexcept {
        return area_.records[(number - 1) % kDeathsKept];
    }
    void set(std::uint32_t slot, std::uint32_t flags) noexcept;
    [[nodiscard]] bool has(std::uint32_t slot, FateFlag flag) const noexcept;
    [[nodiscard]] bool is_last(std::uint32_t slot) const noexcept;
    void note_last() noexcept;
    [[nodiscard]] bool copy(std::uint64_t number, Copy& into) const;
    enum class Became : std::uint8_t { nothing, returned, finished };
    [[nodiscard]] Became item_became() const;

    const shm::Segment& segment_;
    DeathArea& area_;
    const RecordLog& log_;
    shm::BlockPool& pool_;
};

}  // namespace procession::queue
