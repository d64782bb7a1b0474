// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "ring/block_pool.h"

#include <algorithm>
#include <bit>

#include "base/checks.h"
#include "base/step.h"
#include "ring/corrupt.h"
#include "shm/layout.h"

namespace procession::ring {

namespace {

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

std::uint32_t BlockPool::take(std::uint32_t units, std::uint32_t owner) {
    const std::uint32_t wanted = rounded(units);
    for (std::uint32_t c = class_at_most(wanted); c < PoolState::kClasses; ++c) {
        Block block;
        const std::uint32_t unit = pop(c, block);
        if (unit == kNone) continue;
        require(block.units >= wanted, "a free block is shorter than its list says");
        return carve(unit, block.units, wanted, owner);
    }
    const std::uint32_t end = checked_end();
    const std::uint32_t backed_now = backed();
    if (backed_now < end || backed_now - end < wanted) return kNone;
    require_memory(end, wanted);
    // Invisible until `end` moves over it.
    table_[end].store(Block{BlockState::owned, owner, wanted}.pack(), std::memory_order_release);
    PROCESSION_STEP("pool.take.written");
    state_.units_used.store(state_.units_used.load() + wanted);
    PROCESSION_STEP("pool.take.counted");
    state_.end.store(end + wanted, std::memory_order_release);
    PROCESSION_STEP("pool.take.taken");
    return end;
}

std::uint32_t BlockPool::needed_end(std::uint32_t units) const noexcept {
    const std::uint64_t end = std::uint64_t{state_.end.load()} + rounded(units);
    return end <= units_max_ ? static_cast<std::uint32_t>(end) : kNone;
}

std::uint32_t BlockPool::take_by_joining(std::uint32_t units, std::uint32_t owner) {
    std::uint32_t found = kNone;
    std::uint32_t unit = 0;
    const std::uint32_t end = checked_end();
    while (unit < end) {
        Block block = checked(unit, end);
        while (block.state == BlockState::free && unit + block.units < end) {
            const Block next = checked(unit + block.units, end);
            if (next.state != BlockState::free) break;
            block.units += next.units;
            // One store: the joined block's own entry lies inside from now on and means nothing.
            table_[unit].store(block.pack(), std::memory_order_release);
            PROCESSION_STEP("pool.join.joined");
        }
        const bool fits = block.state == BlockState::free && block.units >= units;
        if (fits && found == kNone) found = unit;
        const bool is_last = unit + block.units == end;
        if (block.state == BlockState::free && is_last && found == kNone) {
            // One store: with what lies behind it, it may be long enough.
            state_.end.store(unit, std::memory_order_release);
            PROCESSION_STEP("pool.join.trimmed");
        }
        unit += block.units;
    }
    rebuild();
    if (found == kNone) return kNone;
    const Block block = this->block(found);
    require(block.state == BlockState::free && block.units >= units,
            "a block that was joined has changed");
    const std::uint32_t taken = carve(found, block.units, units, owner);
    rebuild();
    return taken;
}

// Turns a free block of `length` into one of `wanted` units and, where something is left, a free
// one.
std::uint32_t BlockPool::carve(std::uint32_t unit, std::uint32_t length, std::uint32_t wanted,
                               std::uint32_t owner) noexcept {
    if (length > wanted) {
        // Invisible while the first entry's length covers it.
        table_[unit + wanted].store(Block{BlockState::free, 0, length - wanted}.pack(),
                                    std::memory_order_release);
        PROCESSION_STEP("pool.carve.rest");
    }
    table_[unit].store(Block{BlockState::owned, owner, wanted}.pack(), std::memory_order_release);
    PROCESSION_STEP("pool.carve.taken");
    if (length > wanted) push(unit + wanted, length - wanted);
    state_.units_used.store(state_.units_used.load() + wanted);
    PROCESSION_STEP("pool.carve.counted");
    return unit;
}

void BlockPool::give(std::uint32_t unit) {
    const Block block = this->block(unit);
    require(block.state != BlockState::free, "a block is freed twice");
    table_[unit].store(Block{BlockState::free, 0, block.units}.pack(), std::memory_order_release);
    PROCESSION_STEP("pool.give.freed");
    push(unit, block.units);
    PROCESSION_STEP("pool.give.listed");
    state_.units_used.store(state_.units_used.load() - block.units);
    PROCESSION_STEP("pool.give.counted");
}

void BlockPool::set(std::uint32_t unit, BlockState state, std::uint32_t owner) {
    const Block now = block(unit);
    table_[unit].store(Block{state, owner, now.units}.pack(), std::memory_order_release);
}

void BlockPool::rebuild() {
    for (auto& head : state_.free_heads) head.store(0, std::memory_order_relaxed);
    PROCESSION_STEP("pool.rebuild.emptied");
    std::uint32_t used = 0;
    each_block([&](std::uint32_t unit, const Block& block) {
        if (block.state == BlockState::free) {
            push(unit, block.units);
        } else {
            used += block.units;
        }
    });
    state_.units_used.store(used);
    PROCESSION_STEP("pool.rebuild.counted");
}

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
                block.state <= BlockState::dead_letter,
            "a block's entry is no valid one");
    return block;
}

std::atomic<std::uint32_t>& BlockPool::link(std::uint32_t unit) const noexcept {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(memory(unit));
}

std::uint32_t BlockPool::pop(std::uint32_t size_class, Block& block) {
    auto& head = state_.free_heads[size_class];
    const std::uint32_t first = head.load();
    if (first == 0) return kNone;
    const std::uint32_t unit = first - 1;
    block = this->block(unit);
    require(block.state == BlockState::free, "a free list leads to a block that is not free");
    head.store(link(unit).load());
    PROCESSION_STEP("pool.pop.unlisted");
    return unit;
}

void BlockPool::push(std::uint32_t unit, std::uint32_t units) noexcept {
    std::uint32_t size_class = class_at_most(units);
    if (size_class >= PoolState::kClasses) size_class = PoolState::kClasses - 1;
    auto& head = state_.free_heads[size_class];
    link(unit).store(head.load());
    PROCESSION_STEP("pool.push.linked");
    head.store(unit + 1);
}

}  // namespace procession::ring
