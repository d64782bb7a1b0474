// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "shm/backing.h"
#include "shm/layout.h"
#include "shm/lock_guard.h"

namespace procession::inline v0::detail::shm {

/// Names the lock that guards a BlockPool, see LockWord.
struct PoolLock {};
using HoldsPool = Holds<PoolLock>;

/// What a block of units is; the single truth of its ownership.
enum class BlockState : std::uint8_t {
    none = 0,  // not the first unit of a block
    free = 1,
    owned = 2,   // being filled by `owner`; nothing else refers to it
    chunk = 3,   // part of the log
    queued = 4,  // a payload that a record of the log refers to
    held = 5,    // a payload in the hands of `owner`, a plain queue's consumer
    dead_letter = 6,
    decommitted = 7,  // free, and of its memory only the first unit is there
};

/// One entry of the unit table: state, owner and length of the block that begins at this unit.
struct Block {
    BlockState state = BlockState::none;
    std::uint32_t owner = 0;  // slot, meaningful for owned and held
    std::uint32_t units = 0;

    [[nodiscard]] bool is_free() const noexcept {
        return state == BlockState::free || state == BlockState::decommitted;
    }
    [[nodiscard]] static Block unpack(std::uint64_t word) noexcept {
        return {static_cast<BlockState>(word & 0xff),
                static_cast<std::uint32_t>(word >> 8) & 0xffff,
                static_cast<std::uint32_t>(word >> 32)};
    }
    [[nodiscard]] std::uint64_t pack() const noexcept {
        return static_cast<std::uint64_t>(state) | (std::uint64_t{owner & 0xffff} << 8) |
               (std::uint64_t{units} << 32);
    }
};

/// The pool's shared state. Written only under the lock.
struct PoolState {
    static constexpr std::uint32_t kClasses = 96;

    std::atomic<std::uint32_t> end;     // blocks lie below this unit
    std::atomic<std::uint32_t> backed;  // from `end` to here there is memory
    // Soft: recounted by rebuild().
    std::atomic<std::uint32_t> units_used;  // not free
    std::atomic<std::uint32_t> units_decommitted;
    // Soft: hints of when to decommit.
    std::atomic<std::uint32_t> given;             // units, since decommit_excess() looked
    std::atomic<std::uint32_t> given_since_join;  // units, since it joined neighbours
    std::atomic<std::uint32_t> largest_given;     // units of a block, of late
    // Soft: the first unit + 1 of each size class.
    std::atomic<std::uint32_t> free_heads[kClasses];
    std::atomic<std::uint32_t> decommitted_heads[kClasses];
};

/// Blocks of 4 KiB units, of any length, over memory that grows, and shrinks by holes: when more is
/// free than in use, more than two of the largest blocks that are given of late, and more than 16
/// MiB (or a quarter of the limit, if that is less), free blocks are decommitted.
///
/// Guarantee: after the death of a caller between any two stores, rebuild() makes the pool whole:
/// each block is free, or in exactly the state that was stored last. A block taken and not yet
/// linked anywhere is found by its owner (each_block).
///
/// Mechanism: the table entry of a block's first unit is its truth, changed by one store. Free
/// lists, one per size class and last in first out (so that hot memory is used again), are soft
/// state in the free blocks themselves; they are rebuilt from the table when a holder of the memory
/// lock died. A block is marked as decommitted before its memory goes, and gets memory before it is
/// taken: a death in between leaves memory there that need not be, never the opposite.
///
/// Invariants (under the lock):
///   1. From unit 0, the lengths of blocks chain exactly to `end`.
///   2. A block is free iff its entry says so; every listed block is free.
///   3. Each unit below `backed` has memory but those of a decommitted block behind its first one,
///      which holds the link of its list.
/// Whatever the shared state holds, nothing outside of the memory that is there is touched: each
/// unit number and length is read once and checked against the pool's end, and that against the
/// Backing.
///
/// Throws Corrupt where the state is impossible.
class BlockPool {
  public:
    static constexpr std::uint32_t kNone = 0xffffffff;

    /// Without a Backing all of `units_max` is there.
    BlockPool(PoolState& state, std::atomic<std::uint64_t>* table, std::byte* data,
              std::uint32_t units_max, Backing* backing = nullptr)
        : state_(state),
          table_(table),
          data_(data),
          units_max_(units_max),
          backing_(backing),
          kept_at_least_(part_of(kKept, 4)),
          there_(backing == nullptr ? units_max : 0) {}

    /// The length that a request of `units` gets: sizes are rounded to classes.
    [[nodiscard]] static std::uint32_t rounded(std::uint32_t units) noexcept;

    /// A block for `owner`. kNone when the system refuses the memory for it, which `failed` tells,
    /// or when no room is left, joined or not.
    [[nodiscard]] std::uint32_t take(HoldsPool lock, std::uint32_t units, std::uint32_t owner,
                                     std::error_code& failed);
    void give(HoldsPool lock, std::uint32_t unit);
    /// Decommits free blocks when too much is free. Bounded: up to twice what was given since the
    /// last call, or 2 MiB. Not while blocks are visited.
    void decommit_excess(HoldsPool /*lock*/) {
        // Usually this is all: no more is free than is kept in any case.
        const std::uint64_t elsewhere =
            std::uint64_t{state_.units_used.load()} + state_.units_decommitted.load();
        if (state_.backed.load() > elsewhere + kept_at_least_) [[unlikely]]
            decommit_what_is_too_much();
    }
    /// Changes state and owner in one store. Under the lock, or by the block's owner.
    void set(std::uint32_t unit, BlockState state, std::uint32_t owner);
    /// Rebuilds all soft state from the table.
    void rebuild(HoldsPool /*lock*/) { relist(); }

    /// Calls visit(unit, block) for each block. `visit` may give() the block it is shown.
    template <class Visit>
    void each_block(HoldsPool /*lock*/, Visit visit) {
        visit_blocks(visit);
    }

    // Queries.
    [[nodiscard]] Block block(std::uint32_t unit) const;
    [[nodiscard]] std::byte* memory(std::uint32_t unit) const noexcept {
        return data_ + std::uint64_t{unit} * kUnitBytes;
    }
    [[nodiscard]] std::uint32_t units_max() const noexcept { return units_max_; }
    /// An upper bound for the number of records, leases or list entries that can exist.
    [[nodiscard]] std::uint64_t records_max() const {
        return std::uint64_t{checked_end()} * (kUnitBytes / sizeof(std::uint64_t));
    }
    /// Whether these units can be touched, as far as this process knows.
    [[nodiscard]] bool has_memory(std::uint32_t unit, std::uint32_t units) const noexcept {
        // relaxed: it only grows, and says only what was true of the file then
        return std::uint64_t{unit} + units <= there_.load(std::memory_order_relaxed);
    }
    /// These units can be touched. Usually one comparison with a number of this process's own.
    void require_memory(std::uint32_t unit, std::uint32_t units) const {
        if (!has_memory(unit, units)) [[unlikely]]
            look_again(std::uint64_t{unit} + units);
    }
    [[nodiscard]] std::uint32_t units_used() const noexcept { return state_.units_used.load(); }

  private:
    template <class Visit>
    void visit_blocks(Visit visit) {
        std::uint32_t unit = 0;
        const std::uint32_t end = checked_end();
        while (unit < end) {
            const Block block = checked(unit, end);
            visit(unit, block);
            unit += block.units;
        }
    }
    void relist();
    [[nodiscard]] std::uint32_t checked_end() const;
    [[nodiscard]] Block checked(std::uint32_t unit, std::uint32_t end) const;
    void look_again(std::uint64_t end) const;
    [[nodiscard]] std::uint32_t backed() const;
    /// The end that growing must reach for a block of `units`; kNone when that is beyond the limit.
    [[nodiscard]] std::uint32_t needed_end(std::uint32_t units) const noexcept;

    // Lists of free blocks.
    [[nodiscard]] std::atomic<std::uint32_t>& link(std::uint32_t unit) const noexcept;
    [[nodiscard]] std::atomic<std::uint32_t>* heads_of(BlockState state) const noexcept;
    [[nodiscard]] std::uint32_t pop(BlockState state, std::uint32_t size_class, Block& block);
    void push(std::uint32_t unit, const Block& block) noexcept;
    /// From the lists of `state`, the first block of at least `units`, which is a class's length.
    [[nodiscard]] std::uint32_t pop_fitting(BlockState state, std::uint32_t units, Block& block);

    // Taking: each of them kNone when it has none.
    [[nodiscard]] std::uint32_t take_listed(std::uint32_t units, std::uint32_t owner);
    [[nodiscard]] std::uint32_t take_at_end(std::uint32_t units, std::uint32_t owner);
    [[nodiscard]] std::uint32_t take_decommitted(std::uint32_t units, std::uint32_t owner,
                                                 std::error_code& failed);
    [[nodiscard]] std::uint32_t take_by_joining(std::uint32_t units, std::uint32_t owner,
                                                std::error_code& failed);
    [[nodiscard]] std::uint32_t take_by_growing(std::uint32_t units, std::uint32_t owner,
                                                std::error_code& failed);
    [[nodiscard]] std::uint32_t carve(std::uint32_t unit, std::uint32_t length,
                                      std::uint32_t wanted, std::uint32_t owner) noexcept;
    [[nodiscard]] std::uint32_t carve_decommitted(std::uint32_t unit, std::uint32_t length,
                                                  std::uint32_t wanted, std::uint32_t owner,
                                                  std::error_code& failed) noexcept;

    // Giving memory back.
    static constexpr std::uint32_t kKept = 4096;  // 16 MiB of free memory are kept in any case
    void decommit_what_is_too_much();
    /// `number`, in a small pool a part of it.
    [[nodiscard]] std::uint32_t part_of(std::uint32_t number, std::uint32_t part) const noexcept;
    [[nodiscard]] std::uint32_t kept() const noexcept;
    [[nodiscard]] std::uint32_t hole_min() const noexcept;
    [[nodiscard]] std::uint32_t excess() const;
    void note_given(std::uint32_t units) noexcept;
    [[nodiscard]] std::uint32_t decommit_some(std::uint32_t most);
    [[nodiscard]] std::uint32_t decommit_beyond_end(std::uint32_t most);
    [[nodiscard]] std::uint32_t decommit_listed(std::uint32_t most);
    void join_neighbours();

    enum class Joining : std::uint8_t { equal, any };
    [[nodiscard]] Block join(std::uint32_t unit, std::uint32_t end, Joining which);
    void merge(std::uint32_t unit, Block& block, const Block& next) noexcept;
    void lower_end(std::uint32_t unit, const Block& last);

    PoolState& state_;
    std::atomic<std::uint64_t>* table_;
    std::byte* data_;
    std::uint32_t units_max_;
    Backing* backing_;
    std::uint32_t kept_at_least_;
    // Local to this process: units that were there when it last looked.
    mutable std::atomic<std::uint32_t> there_;
};

}  // namespace procession::inline v0::detail::shm
