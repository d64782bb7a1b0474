// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "support/shared_record.h"

namespace procession::testing {

/// Sizes of the items of a storm: in the log, around its inline limit, in blocks of their own.
enum class StormSizes : std::uint8_t { small, mixed, large };

/// What a storm puts. Its body follows from its number, so that a torn one is known.
struct StormItem {
    std::uint32_t number = 0;
    std::uint32_t source = 0;  // which thread of which life of a producer put it
    std::string body;
};
[[nodiscard]] StormItem make_item(std::uint32_t number, std::uint32_t source, StormSizes sizes);
[[nodiscard]] bool is_whole(const StormItem& item, StormSizes sizes);

/// What is known of an item. "-ing" is noted before the operation, the rest after it returned.
enum ItemFact : std::uint8_t {
    kPutting = 1,
    kPut = 2,
    kRefused = 4,  // put() said that it did not happen
    kSeen = 8,
    kEnding = 16,
    kEnded = 32,
    kRejecting = 64,
    kLetter = 128,
};
struct ItemNotes {
    std::atomic<std::uint32_t> holder;      // the life that got it last
    std::atomic<std::uint16_t> deliveries;  // as the last lease said
    std::atomic<std::uint8_t> facts;        // ItemFact
};

/// One life of a participant: each restart is a new one.
struct LifeNotes {
    std::atomic<std::int64_t> killed_at;  // steady clock; 0: it was not killed
    std::atomic<std::uint32_t> taking;    // items that get() may have given it, unseen so far
    std::atomic<std::uint32_t> at_work;   // it has started
    std::atomic<std::uint32_t> left;      // it has gone by itself
    std::atomic<std::uint32_t> doomed;    // it dies at a step of the protocol, if it lives so long
};

/// How long the items of killed holders took to arrive at another process, in nanoseconds.
struct Recoveries {
    std::atomic<std::uint32_t> count;
    std::array<std::atomic<std::int64_t>, 8192> times;

    void add(std::int64_t nanoseconds);
    [[nodiscard]] std::vector<std::int64_t> all() const;
};

struct StormNotes {
    static constexpr std::uint32_t kItemsMax = 4'000'000;
    static constexpr std::uint32_t kLivesMax = 1U << 16;

    std::atomic<std::uint32_t> next_item;
    std::atomic<std::uint32_t> stop;  // producers end
    std::atomic<std::uint32_t> torn;
    std::atomic<std::uint32_t> duplicated;
    std::atomic<std::uint32_t> invented;
    std::atomic<std::uint32_t> disordered;
    std::atomic<std::uint32_t> joined;         // join() returned in a joiner
    std::atomic<std::uint32_t> joined_early;   // though an item put before was not finished
    std::atomic<std::uint32_t> memory_errors;  // put() found no memory
    Recoveries recoveries;
    std::array<LifeNotes, kLivesMax> lives;
    std::array<ItemNotes, kItemsMax> items;
};

/// What the participants of a storm say they did, in memory beside the queue, which each of them
/// opens by the ledger's path, however it was started.
class StormLedger {
  public:
    StormLedger() = default;
    /// Opens another process's ledger.
    explicit StormLedger(const std::string& place);

    [[nodiscard]] std::string place() const;
    StormNotes* operator->() const { return &*notes_; }
    StormNotes& operator*() const { return *notes_; }

  private:
    SharedRecord<StormNotes> notes_;  // zeros, which is their beginning
};

/// The verdict on a joinable or a plain queue's storm.
struct StormScore {
    std::uint32_t committed = 0;  // put() has returned
    std::uint32_t delivered = 0;  // items that a consumer saw
    std::uint32_t settled = 0;    // ended by a consumer, or a dead letter
    std::uint32_t lost = 0;       // committed, and neither
    std::uint32_t unseen = 0;     // committed, and not delivered
    std::uint32_t twice = 0;      // ended by a consumer and a dead letter
    std::uint32_t in_hand = 0;    // as many may have died with consumers inside get()
};
[[nodiscard]] StormScore score_of(const StormNotes& notes);

[[nodiscard]] std::int64_t steady_now();  // nanoseconds; one clock for all processes

}  // namespace procession::testing
