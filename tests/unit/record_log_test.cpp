// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/record_log.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace procession::queue {
namespace {

constexpr std::uint32_t kUnits = 1024;

class Log : public ::testing::TestWithParam<bool> {
  protected:
    Log()
        : memory_(std::size_t{kUnits} * shm::kUnitBytes),
          table_(std::make_unique<std::atomic<std::uint64_t>[]>(kUnits + 1)),
          pool_(pool_state_, table_.get(), memory_.data(), kUnits),
          log_(tail_, head_, pool_, RecordLayout(GetParam())) {
        pool_state_.backed.store(kUnits);
        log_.begin(new_chunk());
    }

    std::uint32_t new_chunk() {
        std::error_code failed;
        return pool_.take(kChunkUnits, 0, failed);
    }
    void append(const std::string& text) {
        const auto length = static_cast<std::uint32_t>(text.size());
        if (log_.needs_chunk(length)) log_.link(new_chunk());
        log_.append(1, std::as_bytes(std::span(text)), text.size(), false);
    }
    bool front(Front& found) {
        return log_.front(found, [&](std::uint32_t chunk, std::uint64_t) { pool_.give(chunk); });
    }
    std::string text_of(const Front& found) const {
        const auto* text = reinterpret_cast<const char*>(found.record + log_.shape().payload_at());
        return {text, found.head.length};
    }

    std::vector<std::byte> memory_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> table_;
    shm::PoolState pool_state_{};
    TailState tail_{};
    HeadState head_{};
    shm::BlockPool pool_;
    RecordLog log_;
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
            ASSERT_EQ(log_.shows_a_record(), !model.empty());
            if (model.empty()) continue;
            ASSERT_EQ(text_of(found), model.front());
            log_.advance(found, found.head.length);
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
                                  kFirstRecord + log_.shape().bytes(3)}
                             .pack());
    log_.repair_tail(9);
    EXPECT_EQ(tail_.count.load(), 2U);
    EXPECT_EQ(tail_.bytes.load(), 6U);
    append("three");
    Front found;
    for (const char* expected : {"one", "two", "three"}) {
        ASSERT_TRUE(front(found));
        EXPECT_EQ(text_of(found), expected);
        log_.advance(found, found.head.length);
    }
    EXPECT_FALSE(front(found));
}

TEST_P(Log, a_record_taken_is_counted_again_after_a_death_before_counting) {
    append("one");
    append("two");
    Front found;
    ASSERT_TRUE(front(found));
    log_.advance(found, found.head.length);
    head_.count.store(0);
    head_.bytes.store(0);
    const bool is_plain = !GetParam();
    EXPECT_EQ(log_.took_inline_uncounted(), is_plain) << "an item under a lease is not lost";
    for (const char* time : {"first", "second"}) {
        SCOPED_TRACE(time);
        log_.repair_head();
        EXPECT_FALSE(log_.took_inline_uncounted());
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
        EXPECT_TRUE(log_.shows_a_record()) << "for somebody to look under the lock";
        head_.position.store(good);
    }
    ASSERT_TRUE(front(found));
    RecordLog::word(found.record).store(RecordHead{1'000'000, kCommitted, 0, 0}.pack());
    EXPECT_THROW(static_cast<void>(front(found)), shm::Corrupt);
    RecordLog::word(found.record).store(RecordHead{3, kCommitted, 0, 77}.pack());
    EXPECT_THROW(static_cast<void>(front(found)), shm::Corrupt) << "another record's number";
}

TEST_P(Log, chunks_that_form_a_ring_do_not_hold_the_repairer) {
    append("one");
    const auto tail = Position::unpack(tail_.position.load());
    RecordLog::word(memory_.data() + tail.offset)
        .store(RecordHead{tail.chunk, kCommitted | kNextChunk, 0, 0}.pack());
    EXPECT_THROW(log_.repair_tail(9), shm::Corrupt);
}

INSTANTIATE_TEST_SUITE_P(Shape, Log, ::testing::Bool(), [](const auto& each) {
    return std::string(each.param ? "joinable" : "plain");
});

}  // namespace
}  // namespace procession::queue
