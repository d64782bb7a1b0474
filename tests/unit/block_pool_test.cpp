// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/block_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "support/held_lock.h"

#include "shm/corrupt.h"
#include "shm/layout.h"

namespace procession::inline v0::detail::shm {
namespace {

constexpr std::uint32_t kUnits = 2048;
constexpr std::uint32_t kOwner = 3;

class Pool : public ::testing::Test {
  protected:
    Pool()
        : memory_(std::size_t{kUnits} * shm::kUnitBytes),
          table_(std::make_unique<std::atomic<std::uint64_t>[]>(kUnits + 1)),
          pool_(state_, table_.get(), memory_.data(), kUnits) {
        state_.backed.store(kUnits);
    }

    std::uint32_t take(std::uint32_t units) {
        std::error_code failed;
        const std::uint32_t unit = pool_.take(lock_.proof(), units, kOwner, failed);
        EXPECT_FALSE(failed) << failed.message();
        return unit;
    }

    testing::HeldLock<PoolLock> lock_;
    std::vector<std::byte> memory_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> table_;
    PoolState state_{};
    BlockPool pool_;
};

TEST_F(Pool, rounds_a_length_up_by_at_most_a_quarter) {
    for (std::uint32_t units = 1; units < 300'000; ++units) {
        const std::uint32_t rounded = BlockPool::rounded(units);
        ASSERT_GE(rounded, units);
        ASSERT_LE(rounded, units + units / 4 + 1);
        ASSERT_EQ(BlockPool::rounded(rounded), rounded);
    }
    EXPECT_EQ(BlockPool::rounded(262'144), 262'144U) << "1 GiB wastes nothing";
}

TEST_F(Pool, gives_the_block_freed_last_first) {
    const std::uint32_t first = take(4);
    const std::uint32_t second = take(4);
    pool_.give(lock_.proof(), first);
    pool_.give(lock_.proof(), second);
    EXPECT_EQ(take(4), second);
    EXPECT_EQ(take(4), first);
}

TEST_F(Pool, a_block_taken_is_its_takers) {
    const std::uint32_t unit = take(5);
    const Block block = pool_.block(unit);
    EXPECT_EQ(block.state, BlockState::owned);
    EXPECT_EQ(block.owner, kOwner);
    EXPECT_EQ(block.units, 5U);
}

TEST_F(Pool, splits_a_larger_block_when_none_fits) {
    const std::uint32_t large = take(16);
    pool_.give(lock_.proof(), large);
    EXPECT_EQ(take(4), large);
    EXPECT_EQ(take(12), large + 4);
}

TEST_F(Pool, has_no_block_beyond_its_memory) {
    state_.backed.store(0);
    EXPECT_EQ(take(8), BlockPool::kNone);
    EXPECT_EQ(take(kUnits + 1), BlockPool::kNone);
}

TEST_F(Pool, joins_neighbours_when_memory_is_used_up) {
    std::vector<std::uint32_t> blocks;
    for (std::uint32_t unit = 0; unit != BlockPool::kNone;) {
        unit = take(1);
        if (unit != BlockPool::kNone) blocks.push_back(unit);
    }
    EXPECT_EQ(blocks.size(), kUnits);
    for (std::size_t i = 100; i < 150; ++i) pool_.give(lock_.proof(), blocks[i]);
    EXPECT_EQ(take(51), BlockPool::kNone);
    EXPECT_EQ(take(50), 100U);
    EXPECT_EQ(take(1), BlockPool::kNone);
    EXPECT_EQ(pool_.units_used(), kUnits);
}

TEST_F(Pool, refuses_to_free_a_block_twice) {
    const std::uint32_t unit = take(2);
    pool_.give(lock_.proof(), unit);
    EXPECT_THROW(pool_.give(lock_.proof(), unit), Corrupt);
}

TEST_F(Pool, reports_an_impossible_entry_or_end_instead_of_using_it) {
    const std::uint32_t unit = take(2);
    table_[unit].store(Block{BlockState::owned, 0, kUnits + 1}.pack());
    EXPECT_THROW(static_cast<void>(pool_.block(unit)), Corrupt);
    table_[unit].store(0x77);
    EXPECT_THROW(static_cast<void>(pool_.block(unit)), Corrupt);
    state_.end.store(kUnits + 1);
    EXPECT_THROW(static_cast<void>(take(1)), Corrupt);
    state_.end.store(2);
    state_.free_heads[0].store(kUnits * 2);
    EXPECT_THROW(static_cast<void>(take(1)), Corrupt);
}

TEST_F(Pool, keeps_blocks_apart_and_whole_over_random_use_and_rebuilding) {
    std::mt19937 random(1);
    std::map<std::uint32_t, std::pair<std::uint32_t, std::byte>> model;  // unit -> length, filling
    for (int round = 0; round < 20'000; ++round) {
        const auto wanted = static_cast<std::uint32_t>(1 + random() % 40);
        if (random() % 2 == 0 || model.empty()) {
            std::uint32_t unit = take(wanted);
            if (unit == BlockPool::kNone) continue;
            const auto filling = static_cast<std::byte>(random());
            std::memset(pool_.memory(unit), static_cast<int>(filling),
                        std::size_t{wanted} * shm::kUnitBytes);
            ASSERT_TRUE(model.emplace(unit, std::pair{wanted, filling}).second);
        } else {
            const auto victim =
                std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
            const auto [length, filling] = victim->second;
            const std::byte* memory = pool_.memory(victim->first);
            ASSERT_EQ(memory[0], filling);
            ASSERT_EQ(memory[std::size_t{length} * shm::kUnitBytes - 1], filling);
            pool_.give(lock_.proof(), victim->first);
            model.erase(victim);
        }
        if (round % 500 == 0) pool_.rebuild(lock_.proof());
    }
    std::uint32_t units = 0;
    for (const auto& [unit, block] : model) units += pool_.block(unit).units;
    EXPECT_EQ(pool_.units_used(), units);
}

}  // namespace
}  // namespace procession::inline v0::detail::shm
