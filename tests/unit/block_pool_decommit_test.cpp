// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/held_lock.h"

#include "base/step.h"
#include "os/mapping.h"
#include "os/memory_file.h"
#include "shm/block_pool.h"
#include "shm/layout.h"

namespace procession::inline v0::detail::shm {
namespace {

constexpr std::uint32_t kUnits = 32'768;  // 128 MiB, of which little is touched
constexpr std::uint32_t kOwner = 3;

/// Knows which units have memory, without any.
class Simulated final : public Backing {
  public:
    Simulated() : there_(kUnits) {}
    [[nodiscard]] std::uint32_t units_there() const override { return kUnits; }
    [[nodiscard]] std::error_code grow(std::uint32_t from, std::uint32_t to) noexcept override {
        return commit(from, to);
    }
    [[nodiscard]] std::error_code commit(std::uint32_t from, std::uint32_t to) noexcept override {
        if (to - from > most_at_once) return std::make_error_code(std::errc::not_enough_memory);
        set(from, to, true);
        return {};
    }
    void decommit(std::uint32_t from, std::uint32_t to) noexcept override { set(from, to, false); }
    [[nodiscard]] bool can_decommit() const noexcept override { return true; }

    [[nodiscard]] bool is_there(std::uint32_t unit) const { return there_[unit]; }
    [[nodiscard]] std::uint32_t count() const {
        return static_cast<std::uint32_t>(std::count(there_.begin(), there_.end(), true));
    }

    void copy(const Simulated& other) { there_ = other.there_; }

    std::uint32_t most_at_once = kUnits;

  private:
    void set(std::uint32_t from, std::uint32_t to, bool is_there) {
        std::fill(there_.begin() + from, there_.begin() + to, is_there);
    }

    std::vector<bool> there_;
};

/// Everything that another process would see of a pool, and its own pool on that.
struct Image {
    Image() : table(std::make_unique<std::atomic<std::uint64_t>[]>(kUnits + 1)) {
        os::Handle file;
        const std::uint64_t bytes = std::uint64_t{kUnits} * shm::kUnitBytes;
        EXPECT_FALSE(os::create_memory_file("pool", bytes, file));
        // A file of that size, nearly all of it a hole.
        EXPECT_FALSE(os::allocate(file, bytes - shm::kUnitBytes, shm::kUnitBytes));
        EXPECT_FALSE(os::Mapping::map(file, bytes, memory));
    }
    /// Takes over the shared words, and not the memory: rebuild() does not read it.
    void copy(const Image& other) {
        std::memcpy(static_cast<void*>(&state), &other.state, sizeof state);
        for (std::uint32_t unit = 0; unit < kUnits; ++unit) table[unit] = other.table[unit].load();
        backing.copy(other.backing);
    }

    os::Mapping memory;
    std::unique_ptr<std::atomic<std::uint64_t>[]> table;
    PoolState state{};
    Simulated backing;
};

const testing::HeldLock<PoolLock> kLock;  // of each pool here

class Decommitting : public ::testing::Test {
  protected:
    Decommitting() : pool_(pool_of(real_)) {}

    static BlockPool pool_of(Image& image) {
        return {image.state, image.table.get(), image.memory.base(), kUnits, &image.backing};
    }
    std::uint32_t take(std::uint32_t units) {
        std::error_code failed;
        return pool_.take(kLock.proof(), units, kOwner, failed);
    }
    void give(std::uint32_t unit) {
        pool_.give(kLock.proof(), unit);
        pool_.decommit_excess(kLock.proof());
    }
    /// Blocks of `each` units until `units` are taken.
    std::vector<std::uint32_t> take_many(std::uint32_t units, std::uint32_t each) {
        std::vector<std::uint32_t> taken;
        for (std::uint32_t so_far = 0; so_far < units; so_far += each) taken.push_back(take(each));
        return taken;
    }
    /// Whether all that may be touched has memory.
    static std::string wrong_with(Image& image) {
        BlockPool pool = pool_of(image);
        std::string wrong;
        pool.each_block(kLock.proof(), [&](std::uint32_t unit, const Block& block) {
            const bool is_hole = block.state == BlockState::decommitted;
            for (std::uint32_t u = unit; u < unit + (is_hole ? 1 : block.units); ++u) {
                if (!image.backing.is_there(u)) wrong = "no memory behind " + std::to_string(u);
            }
        });
        for (std::uint32_t u = image.state.end; u < image.state.backed; ++u) {
            if (!image.backing.is_there(u))
                wrong = "no memory beyond the end, " + std::to_string(u);
        }
        return wrong;
    }

    Image real_;
    BlockPool pool_;
};

TEST_F(Decommitting, keeps_memory_while_little_is_free) {
    const auto blocks = take_many(4096, 16);
    const std::uint32_t peak = real_.backing.count();
    for (const std::uint32_t unit : blocks) give(unit);
    EXPECT_LE(peak - real_.backing.count(), peak - 4096) << "16 MiB stay";
    EXPECT_GE(real_.backing.count(), 4096U);
}

TEST_F(Decommitting, gives_back_what_a_drained_pool_had_at_its_peak) {
    for (const std::uint32_t each : {1U, 2U, 16U, 300U, 2560U}) {
        const auto blocks = take_many(20'000, each);
        EXPECT_GE(real_.backing.count(), 20'000U);
        for (const std::uint32_t unit : blocks) give(unit);
        EXPECT_LE(real_.backing.count(), std::max(4096U, 2 * each) + 512U)
            << "of blocks of " << each;
        EXPECT_EQ(wrong_with(real_), "") << each;
    }
}

TEST_F(Decommitting, gives_back_around_blocks_that_stay) {
    const auto blocks = take_many(20'000, 16);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (i % 100 != 7) give(blocks[i]);
    }
    EXPECT_LE(real_.backing.count(), 4096U + 1500U);
    EXPECT_EQ(wrong_with(real_), "");
}

TEST_F(Decommitting, gives_memory_to_a_decommitted_block_before_it_is_taken) {
    const auto blocks = take_many(20'000, 16);
    const std::uint32_t peak = real_.state.end;
    for (const std::uint32_t unit : blocks) give(unit);
    const auto again = take_many(20'000, 40);
    EXPECT_EQ(wrong_with(real_), "");
    EXPECT_LE(real_.state.end, peak + 4096) << "its place is used again";
    for (const std::uint32_t unit : again) EXPECT_NE(unit, BlockPool::kNone);
}

TEST_F(Decommitting, a_block_that_gets_no_memory_stays_and_can_be_taken_later) {
    for (const std::uint32_t unit : take_many(20'000, 16)) give(unit);
    const std::uint32_t used = pool_.units_used();
    real_.backing.most_at_once = 0;
    std::error_code failed;
    EXPECT_EQ(pool_.take(kLock.proof(), 9000, kOwner, failed), BlockPool::kNone);
    EXPECT_EQ(failed, std::errc::not_enough_memory);
    EXPECT_EQ(pool_.units_used(), used);
    real_.backing.most_at_once = 10'241;  // less than it would like to have
    EXPECT_NE(pool_.take(kLock.proof(), 9000, kOwner, failed), BlockPool::kNone);
    EXPECT_FALSE(failed);
    EXPECT_EQ(wrong_with(real_), "");
}

TEST_F(Decommitting, joins_holes_and_free_blocks_when_the_limit_is_reached) {
    auto blocks = take_many(kUnits - 16, 16);
    for (std::size_t i = 0; i + 10 < blocks.size(); ++i) give(blocks[i]);
    EXPECT_GT(real_.state.units_decommitted, 20'000U);
    const std::uint32_t large = take(28'000);
    ASSERT_NE(large, BlockPool::kNone);
    EXPECT_EQ(wrong_with(real_), "");
}

TEST_F(Decommitting, keeps_room_for_two_of_the_largest_blocks_of_late) {
    for (int round = 0; round < 5; ++round) {
        const std::uint32_t one = take(6000);
        const std::uint32_t other = take(6000);
        give(one);
        give(other);
        EXPECT_GE(real_.backing.count(), 12'000U) << "or each round would commit it again";
    }
    for (int small = 0; small < 1000; ++small) give(take(1));
    EXPECT_LE(real_.backing.count(), 4096U + 512U) << "they were long ago";
}

// Blocks that stay for long lie between those that are given; when they go at last, little is
// given.
TEST_F(Decommitting, gives_back_what_lay_between_blocks_that_stayed) {
    const auto blocks = take_many(32'000, 2);
    for (const bool stayed : {false, true}) {
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if ((i % 30 == 7) == stayed) give(blocks[i]);
        }
    }
    EXPECT_LE(real_.backing.count(), 4096U + 2048U + 512U);
    EXPECT_EQ(wrong_with(real_), "");
}

// ---- a death between any two stores ------------------------------------------------------------

/// At each step of the pool: what another process would find if this one died here.
class DeathAtEachStep : public Decommitting {
  protected:
    DeathAtEachStep() {
        current = this;
        base::step_hook.store([](const char* name) { current->look(name); });
    }
    void TearDown() override {
        base::step_hook.store(nullptr);
        current = nullptr;
    }

    void look(const char* step) {
        ++steps_[step];
        // Of each step the first ones, and then some: most are alike.
        if (is_looking_ || (steps_[step] > 40 && steps_[step] % 97 != 0)) return;
        is_looking_ = true;
        after_.copy(real_);
        BlockPool pool = pool_of(after_);
        pool.rebuild(kLock.proof());
        EXPECT_EQ(wrong_with(after_), "") << "after a death at " << step;
        for (const auto& [unit, units] : held_) {
            if (unit == in_hand_) continue;
            const Block block = pool.block(unit);
            EXPECT_EQ(block.state, BlockState::owned) << step;
            EXPECT_EQ(block.units, units) << step;
        }
        is_looking_ = false;
    }
    void take_one(std::uint32_t units) {
        const std::uint32_t unit = take(units);
        if (unit != BlockPool::kNone) held_.emplace(unit, pool_.block(unit).units);
    }
    void give_one(std::uint32_t unit) {
        in_hand_ = unit;
        pool_.give(kLock.proof(), unit);
        held_.erase(unit);
        in_hand_ = BlockPool::kNone;
        pool_.decommit_excess(kLock.proof());
    }

    static inline DeathAtEachStep* current = nullptr;
    Image after_;
    std::map<std::uint32_t, std::uint32_t> held_;
    std::map<std::string, int> steps_;
    std::uint32_t in_hand_ = BlockPool::kNone;
    bool is_looking_ = false;
};

TEST_F(DeathAtEachStep, leaves_each_block_whole_and_no_unit_without_the_memory_it_should_have) {
#ifndef PROCESSION_KILL_POINTS
    GTEST_SKIP() << "this build has no steps";
#endif
    std::mt19937 random(7);
    for (int tide = 0; tide < 4; ++tide) {
        const std::uint32_t largest = tide % 2 == 0 ? 24 : 1500;
        const std::uint32_t full = tide == 3 ? kUnits : 24'000;
        for (std::uint32_t in_vain = 0; pool_.units_used() < full && in_vain < 20; ++in_vain) {
            const std::size_t before = held_.size();
            for (int i = 0; i < 200 && pool_.units_used() < full; ++i)
                take_one(static_cast<std::uint32_t>(1 + random() % largest));
            if (held_.size() != before) in_vain = 0;
        }
        while (held_.size() > 4) {
            const auto from = static_cast<std::ptrdiff_t>(random() % held_.size());
            give_one(std::next(held_.begin(), from)->first);
        }
    }
    for (const char* step :
         {"pool.take.taken", "pool.carve.rest", "pool.carve.taken", "pool.commit.committed",
          "pool.commit.rest", "pool.commit.counted", "pool.decommit.lowered", "pool.decommit.split",
          "pool.decommit.cut", "pool.decommit.marked", "pool.decommit.decommitted",
          "pool.join.joined", "pool.join.decommitted", "pool.join.lowered", "pool.join.trimmed"}) {
        EXPECT_GT(steps_[step], 0)
            << step << " was never reached: the test shows less than it says";
    }
}

}  // namespace
}  // namespace procession::inline v0::detail::shm
