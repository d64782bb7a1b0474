// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shm/layout.h"

namespace procession::inline v0::detail::queue {

/// A place in the log: the first unit of a chunk, and the offset of a record in it.
struct Position {
    std::uint32_t chunk = 0;
    std::uint32_t offset = 0;

    [[nodiscard]] static Position unpack(std::uint64_t word) noexcept {
        return {static_cast<std::uint32_t>(word >> kOffsetBits),
                static_cast<std::uint32_t>(word & 0xffff)};
    }
    /// Less than 2^48. 0 is no position.
    [[nodiscard]] std::uint64_t pack() const noexcept {
        return (std::uint64_t{chunk} << kOffsetBits) | offset;
    }
    static constexpr unsigned kOffsetBits = 16;
    friend bool operator==(const Position&, const Position&) = default;
};

inline constexpr std::uint32_t kChunkUnits = 16;
inline constexpr std::uint32_t kChunkBytes = kChunkUnits * shm::kUnitBytes;
static_assert(kChunkBytes <= 1U << Position::kOffsetBits, "an offset in a chunk fits a position");

/// The start of each chunk. Constant once linked, but for the marked fields (memory lock).
/// `finished` is exact from the moment at which the head leaves the chunk; until then the leases
/// alone tell.
struct ChunkHeader {
    std::uint64_t pool_link;                 // the pool's while the chunk is free
    std::atomic<std::uint64_t> first_count;  // number of the chunk's first record
    std::atomic<std::uint64_t> first_bytes;  // payload bytes put before it
    std::atomic<std::uint32_t> passed;       // memory lock: the head has left the chunk
    std::atomic<std::uint32_t> records;      // memory lock: how many there are, once passed
    std::atomic<std::uint32_t> finished;     // memory lock: how many of them are finished
    std::uint32_t unused[7];
};
static_assert(sizeof(ChunkHeader) == 64);
inline constexpr std::uint32_t kFirstRecord = sizeof(ChunkHeader);

enum RecordFlag : std::uint8_t {
    kCommitted = 1,
    kOutside = 2,    // the payload lies in a block of its own; the record holds its unit number
    kNextChunk = 4,  // no record: the log goes on in the chunk whose unit number is `length`
};

/// The first word of every record. It is written last and by one store: that store commits the
/// item. The word behind the last record is 0, written before the record's own, so that a reader
/// needs no other word to find the end.
struct RecordHead {
    std::uint32_t length = 0;
    std::uint8_t flags = 0;
    std::uint8_t format = 0;
    std::uint16_t check =
        0;  // low bits of the record's number: a stray position does not look valid

    [[nodiscard]] static RecordHead unpack(std::uint64_t word) noexcept {
        return {static_cast<std::uint32_t>(word), static_cast<std::uint8_t>(word >> 32),
                static_cast<std::uint8_t>(word >> 40), static_cast<std::uint16_t>(word >> 48)};
    }
    [[nodiscard]] std::uint64_t pack() const noexcept {
        return length | (std::uint64_t{flags} << 32) | (std::uint64_t{format} << 40) |
               (std::uint64_t{check} << 48);
    }
    [[nodiscard]] bool is(RecordFlag flag) const noexcept { return (flags & flag) != 0; }
};

/// The state of an item of a joinable queue, in the second word of its record.
enum class LeaseState : std::uint8_t { queued = 0, held = 1, returned = 2, finished = 3 };

struct LeaseWord {
    LeaseState state = LeaseState::queued;
    std::uint32_t owner = 0;       // slot, while held
    std::uint32_t deliveries = 0;  // how often it was handed out
    bool ending = false;           // held: one thread of the owner is about to end it

    /// After the usual task_done(). It still names its owner, so that an intent is never taken for
    /// done because of another thread's act.
    [[nodiscard]] static LeaseWord done_by(std::uint32_t slot, std::uint32_t times) noexcept {
        return {LeaseState::finished, slot, times, true};
    }
    friend bool operator==(const LeaseWord&, const LeaseWord&) = default;

    [[nodiscard]] static LeaseWord unpack(std::uint64_t word) noexcept {
        return {static_cast<LeaseState>(word & 0xff),
                static_cast<std::uint32_t>(word >> 8) & 0xffff,
                static_cast<std::uint32_t>(word >> 32), ((word >> 24) & 0xff) != 0};
    }
    [[nodiscard]] std::uint64_t pack() const noexcept {
        return static_cast<std::uint64_t>(state) | (std::uint64_t{owner & 0xffff} << 8) |
               (std::uint64_t{ending ? 1U : 0U} << 24) | (std::uint64_t{deliveries} << 32);
    }
};

/// How records of a queue look: plain ones are a head and the payload; joinable ones have a lease
/// and, while returned, a link to the next returned record.
///
///     plain      | head 8 | payload, padded to 8 |
///     joinable   | head 8 | lease 8 | link 8 | payload, padded to 8 |
class RecordLayout {
  public:
    explicit constexpr RecordLayout(bool joinable) : prefix_(joinable ? 24 : 8) {}

    [[nodiscard]] std::uint32_t payload_at() const noexcept { return prefix_; }
    [[nodiscard]] std::uint32_t bytes(std::uint32_t payload) const noexcept {
        return prefix_ + ((payload + 7U) & ~7U);
    }
    /// Payloads above this length get a block of their own.
    static constexpr std::uint32_t kInlineMax = 4096;
    /// What an outside record carries: unit number and length of its payload.
    static constexpr std::uint32_t kOutsideBytes = 16;

  private:
    std::uint32_t prefix_;
};
static_assert(kFirstRecord + 24 + RecordLayout::kInlineMax + 8 <= kChunkBytes,
              "the largest inline record fits an empty chunk, with the word that ends it");

}  // namespace procession::inline v0::detail::queue
