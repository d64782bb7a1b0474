// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "queue/log_head.h"
#include "queue/log_tail.h"
#include "queue/records.h"
#include "support/held_lock.h"

namespace procession::inline v0::detail::queue {
namespace {

constexpr std::uint32_t kUnits = 1024;

class Log : public ::testing::TestWithParam<bool> {
  protected:
    Log()
        : memory_(std::size_t{kUnits} * shm::kUnitBytes),
          table_(std::make_unique<std::atomic<std::uint64_t>[]>(kUnits + 1)),
          pool_(pool_state_, table_.get(), memory_.data(), kUnits),
          records_(pool_, RecordLayout(GetParam())),
          log_tail_(tail_, pool_, RecordLayout(GetParam())),
          log_head_(head_, tail_, pool_, RecordLayout(GetParam())) {
        pool_state_.backed.store(kUnits);
        log_tail_.begin(head_, new_chunk());
    }

    std::uint32_t new_chunk() {
        std::error_code failed;
        return pool_.take(memory_lock_.proof(), kChunkUnits, 0, failed);
    }
    void append(const std::string& text) {
        const auto length = static_cast<std::uint32_t>(text.size());
        if (log_tail_.needs_chunk(tail_lock_.proof(), length)) {
            log_tail_.link(tail_lock_.proof(), new_chunk());
        };
        log_tail_.append(tail_lock_.proof(), 1, std::as_bytes(std::span(text)), text.size(), false);
    }
    bool front(Front& found) {
        return log_head_.front(head_lock_.proof(), found, [&](std::uint32_t chunk, std::uint64_t) {
            pool_.give(memory_lock_.proof(), chunk);
        });
    }
    void advance(const Front& found) {
        log_head_.advance(head_lock_.proof(), found, found.head.length);
    }
    std::string text_of(const Front& found) const {
        const auto* text =
            reinterpret_cast<const char*>(found.record + records_.layout().payload_at());
        return {text, found.head.length};
    }

    testing::HeldLock<TailLock> tail_lock_;
    testing::HeldLock<HeadLock> head_lock_;
    testing::HeldLock<MemoryLock> memory_lock_;
    std::vector<std::byte> memory_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> table_;
    shm::PoolState pool_state_{};
    TailState tail_{};
    HeadState head_{};
    shm::BlockPool pool_;
    Records records_;
    LogTail log_tail_;
    LogHead log_head_;
};

TEST_P(Log, returns_what_was_appended_in_order_over_many_chunks) {
    std::mt19937 random(7);
    std::deque<std::string> model;
    for (int round = 0; round < 50'000; ++round) {
        if (random() % 2 == 0 && model.size() < 300) {
            model.emplace_back(random() % (random() % 50 == 0 ? 4097 : 100), 'x');
            append(model.back());
        } else {
            Front found;
            ASSERT_EQ(front(found), !model.empty());
            ASSERT_EQ(log_head_.shows_a_record(), !model.empty());
            if (model.empty()) continue;
            ASSERT_EQ(text_of(found), model.front());
            advance(found);
            model.pop_front();
        }
    }
    EXPECT_EQ(tail_.count.load() - head_.count.load(), model.size());
}

TEST_P(Log, an_appended_record_is_counted_again_after_a_death_before_counting) {
    append("one");
    append("two");
    // What a producer leaves that died right after the committing store of "two".
    tail_.count.store(1);
    tail_.bytes.store(3);
    tail_.position.store(Position{Position::unpack(tail_.position.load()).chunk,
                                  kFirstRecord + records_.layout().bytes(3)}
                             .pack());
    log_tail_.repair(tail_lock_.proof(), 9);
    EXPECT_EQ(tail_.count.load(), 2U);
    EXPECT_EQ(tail_.bytes.load(), 6U);
    append("three");
    Front found;
    for (const char* expected : {"one", "two", "three"}) {
        ASSERT_TRUE(front(found));
        EXPECT_EQ(text_of(found), expected);
        advance(found);
    }
    EXPECT_FALSE(front(found));
}

TEST_P(Log, a_record_taken_is_counted_again_after_a_death_before_counting) {
    append("one");
    append("two");
    Front found;
    ASSERT_TRUE(front(found));
    advance(found);
    head_.count.store(0);
    head_.bytes.store(0);
    const bool is_plain = !GetParam();
    EXPECT_EQ(log_head_.took_inline_uncounted(head_lock_.proof()), is_plain)
        << "an item under a lease is not lost";
    for (const char* time : {"first", "second"}) {
        SCOPED_TRACE(time);
        log_head_.repair(head_lock_.proof());
        EXPECT_FALSE(log_head_.took_inline_uncounted(head_lock_.proof()));
        EXPECT_EQ(head_.count.load(), 1U);
        EXPECT_EQ(head_.bytes.load(), 3U);
    }
}

TEST_P(Log, a_position_or_length_that_cannot_be_is_reported) {
    append("one");
    Front found;
    for (const std::uint64_t bad :
         {std::uint64_t{0}, Position{0, 63}.pack(), Position{0, kChunkBytes}.pack(),
          Position{kUnits, 64}.pack(), ~std::uint64_t{0}}) {
        const std::uint64_t good = head_.position.exchange(bad);
        EXPECT_THROW(static_cast<void>(front(found)), shm::Corrupt);
        EXPECT_TRUE(log_head_.shows_a_record()) << "for somebody to look under the lock";
        head_.position.store(good);
    }
    ASSERT_TRUE(front(found));
    word_at(found.record).store(RecordHead{1'000'000, kCommitted, 0, 0}.pack());
    EXPECT_THROW(static_cast<void>(front(found)), shm::Corrupt);
    word_at(found.record).store(RecordHead{3, kCommitted, 0, 77}.pack());
    EXPECT_THROW(static_cast<void>(front(found)), shm::Corrupt) << "another record's number";
}

TEST_P(Log, chunks_that_form_a_ring_do_not_hold_the_repairer) {
    append("one");
    const auto tail = Position::unpack(tail_.position.load());
    word_at(memory_.data() + tail.offset)
        .store(RecordHead{tail.chunk, kCommitted | kNextChunk, 0, 0}.pack());
    EXPECT_THROW(log_tail_.repair(tail_lock_.proof(), 9), shm::Corrupt);
}

INSTANTIATE_TEST_SUITE_P(Shape, Log, ::testing::Bool(), [](const auto& each) {
    return std::string(each.param ? "joinable" : "plain");
});

}  // namespace
}  // namespace procession::inline v0::detail::queue
