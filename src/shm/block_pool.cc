// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/block_pool.h"

#include <algorithm>
#include <bit>

#include "base/checks.h"
#include "base/step.h"
#include "shm/corrupt.h"
#include "shm/layout.h"

namespace procession::inline v0::detail::shm {

namespace {

// How much memory is taken at once when it grows.
constexpr std::uint32_t kGrowthMin = 16;
constexpr std::uint32_t kGrowthMax = 16384;
// When memory goes back, and comes again. A small pool has smaller numbers: see part_of().
constexpr std::uint32_t kHoleMin = 16;     // 64 KiB, a chunk: less is not worth a system call
constexpr std::uint32_t kRefill = 256;     // 1 MiB: of a decommitted block so much comes back
constexpr std::uint32_t kHoleUsual = 512;  // 2 MiB: so much goes in one call, however little comes

// Four classes for each doubling: 1 2 3 4 5 6 7 8 10 12 14 16 20 ... so rounding wastes a quarter
// at most.
std::uint32_t class_at_most(std::uint32_t units) noexcept {
    if (units < 4) return units - 1;
    const auto doubling = static_cast<std::uint32_t>(std::bit_width(units)) - 3;
    return doubling * 4 + (units >> doubling) - 1;
}

std::uint32_t units_of(std::uint32_t size_class) noexcept {
    if (size_class < 7) return size_class + 1;
    const std::uint32_t doubling = (size_class - 3) / 4;
    return (4 + (size_class - 3) % 4) << doubling;
}

}  // namespace

std::uint32_t BlockPool::rounded(std::uint32_t units) noexcept {
    PROCESSION_EXPECTS(units != 0);
    const std::uint32_t below = class_at_most(units);
    return units_of(below) == units ? units : units_of(below + 1);
}

std::uint32_t BlockPool::take(HoldsPool /*lock*/, std::uint32_t units, std::uint32_t owner,
                              std::error_code& failed) {
    failed = {};
    const std::uint32_t wanted = rounded(units);
    std::uint32_t unit = take_listed(wanted, owner);
    if (unit == kNone) unit = take_at_end(wanted, owner);
    if (unit == kNone) unit = take_decommitted(wanted, owner, failed);
    if (unit != kNone || failed) return unit;
    if (needed_end(wanted) == kNone) {
        unit = take_by_joining(units, owner, failed);
        if (unit == kNone && !failed) unit = take_at_end(wanted, owner);  // which is lower now
        if (unit != kNone || failed) return unit;
    }
    return take_by_growing(wanted, owner, failed);
}

std::uint32_t BlockPool::take_listed(std::uint32_t units, std::uint32_t owner) {
    Block block;
    const std::uint32_t unit = pop_fitting(BlockState::free, units, block);
    return unit == kNone ? kNone : carve(unit, block.units, units, owner);
}

std::uint32_t BlockPool::take_at_end(std::uint32_t units, std::uint32_t owner) {
    const std::uint32_t end = checked_end();
    const std::uint32_t backed_now = backed();
    if (backed_now < end || backed_now - end < units) return kNone;
    require_memory(end, units);
    // Invisible until `end` moves over it.
    table_[end].store(Block{BlockState::owned, owner, units}.pack(), std::memory_order_release);
    PROCESSION_STEP("pool.take.written");
    state_.units_used.store(state_.units_used.load() + units);
    PROCESSION_STEP("pool.take.counted");
    state_.end.store(end + units, std::memory_order_release);
    PROCESSION_STEP("pool.take.taken");
    return end;
}

std::uint32_t BlockPool::take_decommitted(std::uint32_t units, std::uint32_t owner,
                                          std::error_code& failed) {
    if (state_.units_decommitted.load() == 0) return kNone;
    Block block;
    const std::uint32_t unit = pop_fitting(BlockState::decommitted, units, block);
    if (unit == kNone) return kNone;
    const std::uint32_t taken = carve_decommitted(unit, block.units, units, owner, failed);
    if (taken == kNone) push(unit, block);
    return taken;
}

std::uint32_t BlockPool::take_by_growing(std::uint32_t units, std::uint32_t owner,
                                         std::error_code& failed) {
    const std::uint32_t end = needed_end(units);
    if (end == kNone || backing_ == nullptr) return kNone;
    const std::uint32_t backed_now = backed();
    const std::uint32_t step = std::clamp(backed_now / 4, kGrowthMin, kGrowthMax);
    std::uint32_t reached = std::clamp(backed_now + step, end, units_max_);
    failed = backing_->grow(backed_now, reached);
    if (failed && reached != end) {
        reached = end;
        failed = backing_->grow(backed_now, reached);
    }
    if (failed) return kNone;
    PROCESSION_STEP("memory.grow.allocated");
    state_.backed.store(reached);
    PROCESSION_STEP("memory.grow.grown");
    return take_at_end(units, owner);
}

std::uint32_t BlockPool::needed_end(std::uint32_t units) const noexcept {
    const std::uint64_t end = std::uint64_t{state_.end.load()} + units;
    return end <= units_max_ ? static_cast<std::uint32_t>(end) : kNone;
}

// The last resort when the limit is reached: joins all neighbouring free blocks, then takes one of
// them. When none is long enough, lowers the end below the last free block: with the units behind
// it there may be room.
std::uint32_t BlockPool::take_by_joining(std::uint32_t units, std::uint32_t owner,
                                         std::error_code& failed) {
    std::uint32_t found = kNone;
    std::uint32_t unit = 0;
    const std::uint32_t end = checked_end();
    while (unit < end) {
        const Block block = join(unit, end, Joining::any);
        if (block.is_free() && block.units >= units && found == kNone) found = unit;
        const bool is_last = unit + block.units == end;
        if (block.is_free() && is_last && found == kNone) lower_end(unit, block);
        unit += block.units;
    }
    relist();
    if (found == kNone) return kNone;
    const Block block = this->block(found);
    require(block.is_free() && block.units >= units, "a block that was joined has changed");
    const std::uint32_t taken = block.state == BlockState::free
                                    ? carve(found, block.units, units, owner)
                                    : carve_decommitted(found, block.units, units, owner, failed);
    relist();
    return taken;
}

// Turns a free block of `length` into one of `wanted` units and, where something is left, a free
// one.
std::uint32_t BlockPool::carve(std::uint32_t unit, std::uint32_t length, std::uint32_t wanted,
                               std::uint32_t owner) noexcept {
    const Block rest{BlockState::free, 0, length - wanted};
    if (length > wanted) {
        // Invisible while the first entry's length covers it.
        table_[unit + wanted].store(rest.pack(), std::memory_order_release);
        PROCESSION_STEP("pool.carve.rest");
    }
    table_[unit].store(Block{BlockState::owned, owner, wanted}.pack(), std::memory_order_release);
    PROCESSION_STEP("pool.carve.taken");
    if (length > wanted) push(unit + wanted, rest);
    state_.units_used.store(state_.units_used.load() + wanted);
    PROCESSION_STEP("pool.carve.counted");
    return unit;
}

// The same of a decommitted block. It gets memory for several such blocks, since more will be
// wanted; those are free, and what is left stays decommitted.
std::uint32_t BlockPool::carve_decommitted(std::uint32_t unit, std::uint32_t length,
                                           std::uint32_t wanted, std::uint32_t owner,
                                           std::error_code& failed) noexcept {
    const std::uint32_t several = std::max(part_of(kRefill, 16) / wanted, 1U) * wanted;
    std::uint32_t enough = std::min(length, several);
    if (length - enough < hole_min()) enough = length;
    // The next block's first unit too.
    const auto commit = [&] { return backing_->commit(unit, unit + std::min(enough + 1, length)); };
    failed = commit();
    if (failed && enough != wanted) {
        enough = wanted;
        failed = commit();
    }
    if (failed) return kNone;
    PROCESSION_STEP("pool.commit.committed");
    const Block rest{BlockState::decommitted, 0, length - enough};
    if (length > enough) {
        // Invisible while the first entry's length covers it.
        table_[unit + enough].store(rest.pack(), std::memory_order_release);
        PROCESSION_STEP("pool.commit.rest");
    }
    static_cast<void>(carve(unit, enough, wanted, owner));
    state_.units_decommitted.store(state_.units_decommitted.load() - enough);
    PROCESSION_STEP("pool.commit.counted");
    if (length > enough) push(unit + enough, rest);
    PROCESSION_STEP("pool.commit.listed");
    return unit;
}

void BlockPool::give(HoldsPool /*lock*/, std::uint32_t unit) {
    const Block block = this->block(unit);
    require(!block.is_free(), "a block is freed twice");
    const Block freed{BlockState::free, 0, block.units};
    table_[unit].store(freed.pack(), std::memory_order_release);
    PROCESSION_STEP("pool.give.freed");
    push(unit, freed);
    PROCESSION_STEP("pool.give.listed");
    state_.units_used.store(state_.units_used.load() - block.units);
    state_.given.store(state_.given.load() + block.units);
    note_given(block.units);
    PROCESSION_STEP("pool.give.counted");
}

// The largest of late: each smaller one makes it a little smaller.
void BlockPool::note_given(std::uint32_t units) noexcept {
    constexpr std::uint32_t memory = 64;
    const std::uint32_t largest = state_.largest_given.load();
    const std::uint32_t less = largest > units ? (largest - units + memory - 1) / memory : 0;
    state_.largest_given.store(std::max(units, largest - less));
}

void BlockPool::set(std::uint32_t unit, BlockState state, std::uint32_t owner) {
    const Block now = block(unit);
    table_[unit].store(Block{state, owner, now.units}.pack(), std::memory_order_release);
}

void BlockPool::relist() {
    for (auto& head : state_.free_heads) head.store(0, std::memory_order_relaxed);
    for (auto& head : state_.decommitted_heads) head.store(0, std::memory_order_relaxed);
    PROCESSION_STEP("pool.rebuild.emptied");
    std::uint32_t used = 0;
    std::uint32_t decommitted = 0;
    visit_blocks([&](std::uint32_t unit, const Block& block) {
        if (block.is_free()) push(unit, block);
        if (!block.is_free()) used += block.units;
        if (block.state == BlockState::decommitted) decommitted += block.units;
    });
    state_.units_used.store(used);
    state_.units_decommitted.store(decommitted);
    PROCESSION_STEP("pool.rebuild.counted");
}

// ---- giving memory back ------------------------------------------------------------------------

void BlockPool::decommit_what_is_too_much() {
    const std::uint32_t given = state_.given.load();
    if (given == 0 || backing_ == nullptr || !backing_->can_decommit()) return;
    state_.given.store(0);
    // The counts are hints, so that nothing comes of their running over.
    const std::uint32_t since_join = state_.given_since_join.load() + given;
    state_.given_since_join.store(since_join);
    // A look at all blocks, for which much must have been given.
    const std::uint32_t much = std::max(kept_at_least_ / 2, checked_end() / 512);
    if (since_join >= much && excess() >= hole_min()) {
        state_.given_since_join.store(0);
        join_neighbours();
    }
    std::uint32_t budget = std::max(kHoleUsual, std::min(given, units_max_) * 2);
    for (std::uint32_t too_much = excess(); too_much >= hole_min() && budget >= hole_min();
         too_much = excess()) {
        const std::uint32_t done = decommit_some(std::min(budget, too_much));
        if (done == 0) return;
        budget -= std::min(budget, done);
    }
}

std::uint32_t BlockPool::part_of(std::uint32_t number, std::uint32_t part) const noexcept {
    return std::clamp(units_max_ / part, 1U, number);
}
// Room for two of the largest blocks of late: a block that is put and taken all the time, whatever
// its size, shall find memory.
std::uint32_t BlockPool::kept() const noexcept {
    const std::uint64_t two = std::uint64_t{2} * state_.largest_given.load();
    const std::uint64_t least = kept_at_least_;
    return static_cast<std::uint32_t>(std::clamp(two, least, std::uint64_t{units_max_}));
}
std::uint32_t BlockPool::hole_min() const noexcept { return part_of(kHoleMin, 32); }

// Free units with memory, beyond those that are kept.
std::uint32_t BlockPool::excess() const {
    const std::uint32_t backed_now = backed();
    const std::uint64_t used = state_.units_used.load();
    const std::uint64_t stays = std::max<std::uint64_t>(used, kept());
    const std::uint64_t elsewhere = used + state_.units_decommitted.load() + stays;
    return backed_now > elsewhere ? static_cast<std::uint32_t>(backed_now - elsewhere) : 0;
}

// Returns: how many units, 0 when there is nothing that could be decommitted.
std::uint32_t BlockPool::decommit_some(std::uint32_t most) {
    const std::uint32_t done = decommit_beyond_end(most);
    return done != 0 ? done : decommit_listed(most);
}

std::uint32_t BlockPool::decommit_beyond_end(std::uint32_t most) {
    const std::uint32_t end = checked_end();
    const std::uint32_t before = backed();
    if (before < end || before - end < hole_min()) return 0;
    const std::uint32_t units = std::min(most, before - end);
    state_.backed.store(before - units);
    PROCESSION_STEP("pool.decommit.lowered");
    backing_->decommit(before - units, before);
    PROCESSION_STEP("pool.decommit.beyond");
    return units;
}

// Decommits the end of the longest listed free block, or all of it. The part that stays has room
// for whole blocks of the largest length of late: a rest between the two would serve nothing.
std::uint32_t BlockPool::decommit_listed(std::uint32_t most) {
    Block block;
    std::uint32_t unit = kNone;
    for (std::uint32_t c = PoolState::kClasses; unit == kNone && c > class_at_most(hole_min()); --c)
        unit = pop(BlockState::free, c - 1, block);
    if (unit == kNone) return 0;
    Block hole{BlockState::decommitted, 0, block.units};
    if (block.units > most + hole_min()) {
        const std::uint64_t largest = std::max(state_.largest_given.load(), 1U);
        const std::uint64_t stays = (block.units - most + largest - 1) / largest * largest;
        if (stays + hole_min() > block.units) {
            push(unit, block);
            return 0;
        }
        const Block kept{BlockState::free, 0, static_cast<std::uint32_t>(stays)};
        hole.units = block.units - kept.units;
        // Invisible while the first entry's length covers it.
        table_[unit + kept.units].store(hole.pack(), std::memory_order_release);
        PROCESSION_STEP("pool.decommit.split");
        table_[unit].store(kept.pack(), std::memory_order_release);
        PROCESSION_STEP("pool.decommit.cut");
        push(unit, kept);
        unit += kept.units;
    } else {
        table_[unit].store(hole.pack(), std::memory_order_release);
    }
    PROCESSION_STEP("pool.decommit.marked");
    state_.units_decommitted.store(state_.units_decommitted.load() + hole.units);
    PROCESSION_STEP("pool.decommit.counted");
    backing_->decommit(unit + 1, unit + hole.units);
    PROCESSION_STEP("pool.decommit.decommitted");
    push(unit, hole);
    PROCESSION_STEP("pool.decommit.listed");
    return hole.units;
}

void BlockPool::join_neighbours() {
    std::uint32_t unit = 0;
    const std::uint32_t end = checked_end();
    while (unit < end) {
        const Block block = join(unit, end, Joining::equal);
        const bool is_last = unit + block.units == end;
        if (block.is_free() && is_last) lower_end(unit, block);
        unit += block.units;
    }
    relist();
}

// Joins a free block with the free blocks behind it. The lists are to be rebuilt.
Block BlockPool::join(std::uint32_t unit, std::uint32_t end, Joining which) {
    Block block = checked(unit, end);
    while (block.is_free() && unit + block.units < end) {
        const Block next = checked(unit + block.units, end);
        if (!next.is_free() || (which == Joining::equal && next.state != block.state)) break;
        merge(unit, block, next);
    }
    return block;
}

void BlockPool::merge(std::uint32_t unit, Block& block, const Block& next) noexcept {
    const Block before = block;
    const std::uint32_t boundary = unit + before.units;
    block.units += next.units;
    if (next.state == BlockState::decommitted) block.state = BlockState::decommitted;
    // One store: the joined block's own entry lies inside from now on and means nothing.
    table_[unit].store(block.pack(), std::memory_order_release);
    PROCESSION_STEP("pool.join.joined");
    if (block.state == BlockState::free) return;
    // The parts that have memory beyond their first unit.
    const bool has_front = before.state == BlockState::free && before.units > 1;
    const bool has_back = next.state == BlockState::free;
    backing_->decommit(has_front ? unit + 1 : boundary,
                       has_back ? unit + block.units : boundary + 1);
    PROCESSION_STEP("pool.join.decommitted");
}

// The last block is free: it stops being a block.
void BlockPool::lower_end(std::uint32_t unit, const Block& last) {
    const std::uint32_t before = backed();
    const bool is_hole = last.state == BlockState::decommitted;
    if (is_hole) {
        state_.backed.store(std::min(before, unit));
        PROCESSION_STEP("pool.join.lowered");
    }
    // One store: with what lies behind it, it may be long enough.
    state_.end.store(unit, std::memory_order_release);
    PROCESSION_STEP("pool.join.trimmed");
    if (is_hole && unit < before) backing_->decommit(unit, before);
    PROCESSION_STEP("pool.join.beyond");
}

// ---- lists and checks --------------------------------------------------------------------------

Block BlockPool::block(std::uint32_t unit) const {
    const std::uint32_t end = checked_end();
    require(unit < end, "a block lies outside the pool");
    return checked(unit, end);
}

std::uint32_t BlockPool::backed() const {
    const std::uint32_t backed = state_.backed.load();
    require_memory(0, backed);
    return backed;
}

// The file only grows, so a number seen once stays true.
void BlockPool::look_again(std::uint64_t end) const {
    std::uint32_t there = units_max_;
    if (backing_ != nullptr) there = std::min(there, backing_->units_there());
    require(end <= there, "memory is used that is not there");
    there_.store(there, std::memory_order_relaxed);
}

std::uint32_t BlockPool::checked_end() const {
    const std::uint32_t end = state_.end.load(std::memory_order_acquire);
    require_memory(0, end);
    return end;
}

// Of a unit below `end`, which was checked.
Block BlockPool::checked(std::uint32_t unit, std::uint32_t end) const {
    // acquire: pairs with the store that made the block what it is
    const Block block = Block::unpack(table_[unit].load(std::memory_order_acquire));
    require(block.units != 0 && block.units <= end - unit && block.state != BlockState::none &&
                block.state <= BlockState::decommitted,
            "a block's entry is no valid one");
    return block;
}

std::atomic<std::uint32_t>& BlockPool::link(std::uint32_t unit) const noexcept {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(memory(unit));
}

std::atomic<std::uint32_t>* BlockPool::heads_of(BlockState state) const noexcept {
    return state == BlockState::free ? state_.free_heads : state_.decommitted_heads;
}

std::uint32_t BlockPool::pop(BlockState state, std::uint32_t size_class, Block& block) {
    auto& head = heads_of(state)[size_class];
    const std::uint32_t first = head.load();
    if (first == 0) return kNone;
    const std::uint32_t unit = first - 1;
    block = this->block(unit);
    require(block.state == state, "a list of free blocks leads to one that is not, or to another");
    head.store(link(unit).load());
    PROCESSION_STEP("pool.pop.unlisted");
    return unit;
}

std::uint32_t BlockPool::pop_fitting(BlockState state, std::uint32_t units, Block& block) {
    for (std::uint32_t c = class_at_most(units); c < PoolState::kClasses; ++c) {
        const std::uint32_t unit = pop(state, c, block);
        if (unit == kNone) continue;
        require(block.units >= units, "a free block is shorter than its list says");
        return unit;
    }
    return kNone;
}

void BlockPool::push(std::uint32_t unit, const Block& block) noexcept {
    const std::uint32_t size_class = std::min(class_at_most(block.units), PoolState::kClasses - 1);
    auto& head = heads_of(block.state)[size_class];
    link(unit).store(head.load());
    PROCESSION_STEP("pool.push.linked");
    head.store(unit + 1);
}

}  // namespace procession::inline v0::detail::shm
