// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ring/block_pool.h"
#include "ring/corrupt.h"
#include "ring/record.h"

namespace procession::ring {

/// Where producers write. Written only under the tail lock; `op_block` serves recovery.
struct TailState {
    std::atomic<std::uint64_t> position;
    std::atomic<std::uint64_t> count;     // records ever committed
    std::atomic<std::uint64_t> bytes;     // payload bytes ever committed
    std::atomic<std::uint32_t> op_block;  // unit + 1 of the block that is being published
    std::atomic<std::uint64_t> op_count;  // `count` when it was announced, or kLinking
};

/// Where consumers read. Written only under the head lock.
struct HeadState {
    std::atomic<std::uint64_t> position;
    std::atomic<std::uint64_t> count;  // records ever taken from the log
    std::atomic<std::uint64_t> bytes;
    std::atomic<std::uint32_t> retiring;        // unit + 1 of the chunk that the head leaves
    std::atomic<std::uint64_t> retiring_first;  // its first_count: the chunk may have been reused
};

/// What the head of the log shows.
struct Front {
    Position at;
    RecordHead head;
    std::byte* record = nullptr;  // its first word
};

/// A first-in-first-out log of records over linked chunks of a BlockPool.
///
/// Guarantee: append() commits by exactly one store, as does advance(). After a death between any
/// two stores, repair_tail() and repair_head() make every count exact again: what was committed is
/// counted, what was not never existed.
///
/// Mechanism: see RecordHead. Position is the only truth of each side; counts are recomputed from
/// the chunk's first count and the records before the position. The tail rolls forward over records
/// whose producer died before it moved the tail.
///
/// Invariants:
///   1. From the head, records chain by their lengths, through kNextChunk words, to one word that
///      is not committed; it is at the tail, or at most one record beyond it while a producer is
///      there.
///   2. Heads of consumed records stay intact until their chunk is freed, and the tail's chunk is
///      never freed.
///   3. Each passed chunk has at least one record.
class RecordLog {
  public:
    RecordLog(TailState& tail, HeadState& head, BlockPool& pool, RecordShape shape)
        : tail_(tail), head_(head), pool_(pool), shape_(shape) {}

    /// The first chunk, by the creator, before anybody else sees the queue.
    void begin(std::uint32_t unit);

    // Under the tail lock.
    /// Whether append() of so many payload bytes needs link() first.
    [[nodiscard]] bool needs_chunk(std::uint32_t payload) const;
    void link(std::uint32_t unit);
    /// Appends and commits. `outside` marks the payload as a block reference.
    void append(std::uint8_t format, std::span<const std::byte> payload,
                std::uint64_t counted_bytes, bool outside);
    /// Before append(..., outside): hands the block, until now owned by the caller, to the log.
    void announce_block(std::uint32_t unit);
    /// After it.
    void end_announcement() noexcept;
    /// Whether the counts are those of the records before the tail, and nothing lies behind it.
    /// Throws Corrupt otherwise.
    void audit_tail() const;
    /// Rolls the tail over what a dead producer committed; recomputes the counts; gives a block
    /// that was announced and not committed back to the dead one.
    void repair_tail(std::uint32_t dead);

    // Under the head lock.
    /// The oldest record, or false. Moves over the end of a chunk; the chunk left is handed to
    /// `retire`, which frees it in its time.
    template <class Retire>
    [[nodiscard]] bool front(Front& found, Retire retire);
    /// Takes the front record: its one store commits.
    void advance(const Front& front, std::uint64_t counted_bytes);
    /// As audit_tail(), of the head.
    void audit_head() const;
    /// Returns how many records were taken without being counted: 0 or 1.
    std::uint64_t repair_head();
    /// Finishes what a dead consumer began to leave: retire(chunk) if it had left it.
    template <class Retire>
    void finish_retiring(Retire retire);

    /// Without a lock, a hint: whether the head shows a committed record.
    [[nodiscard]] bool shows_a_record() const;

    /// The committed record at a position, validated: all of it lies in its chunk.
    std::byte* record_at(Position position, RecordHead& head) const;
    /// Payload bytes that a record counts for: its own length, or that of its block.
    [[nodiscard]] std::uint64_t counted_bytes(std::byte* record, RecordHead head) const;
    /// The unit of a record's own block (kOutside), in range.
    [[nodiscard]] std::uint32_t outside_unit(std::byte* record) const;
    [[nodiscard]] ChunkHeader& chunk(std::uint32_t unit) const;
    [[nodiscard]] RecordShape shape() const noexcept { return shape_; }

    /// Visits each record of a chunk up to `end` (0: to its end): visit(position, head, record).
    template <class Visit>
    void each_record(std::uint32_t unit, std::uint32_t end, Visit visit) const;

    [[nodiscard]] static std::atomic<std::uint64_t>& word(std::byte* at) noexcept {
        return *reinterpret_cast<std::atomic<std::uint64_t>*>(at);
    }
    [[nodiscard]] static std::atomic<std::uint64_t>& lease_word(std::byte* record) noexcept {
        return word(record + 8);
    }
    [[nodiscard]] static std::atomic<std::uint64_t>& link_word(std::byte* record) noexcept {
        return word(record + 16);
    }

  private:
    [[nodiscard]] std::byte* at(Position position) const;
    /// What the log shows at a position: a record, which is validated; the way to the next chunk;
    /// or its end, behind which nothing may be read.
    std::byte* look_at(Position position, RecordHead& head) const;
    struct Counted {
        std::uint64_t count = 0;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] Counted counted_before(Position position) const;
    [[nodiscard]] std::uint32_t record_bytes(RecordHead head) const noexcept {
        return shape_.bytes(head.is(kOutside) ? RecordShape::kOutsideBytes : head.length);
    }
    void announce(std::uint32_t unit, std::uint64_t kind) noexcept;
    void leave_chunk(Position from, std::uint32_t next);

    TailState& tail_;
    HeadState& head_;
    BlockPool& pool_;
    RecordShape shape_;
};

inline std::byte* RecordLog::at(Position position) const {
    require(position.offset >= kFirstRecord && position.offset + 8 <= kChunkBytes &&
                position.offset % 8 == 0,
            "a position lies outside its chunk");
    pool_.require_memory(position.chunk, kChunkUnits);
    return pool_.memory(position.chunk) + position.offset;
}

inline std::byte* RecordLog::record_at(Position position, RecordHead& head) const {
    std::byte* record = look_at(position, head);
    require(head.is(kCommitted) && !head.is(kNextChunk), "a position shows no record");
    return record;
}

inline std::byte* RecordLog::look_at(Position position, RecordHead& head) const {
    std::byte* record = at(position);
    // acquire: pairs with the committing store; the payload is visible
    head = RecordHead::unpack(word(record).load(std::memory_order_acquire));
    if (head.is(kCommitted) && !head.is(kNextChunk)) {
        require((head.is(kOutside) || head.length <= RecordShape::kInlineMax) &&
                    position.offset + record_bytes(head) + 8 <= kChunkBytes,
                "a record reaches beyond its chunk");
    }
    return record;
}

template <class Visit>
void RecordLog::each_record(std::uint32_t unit, std::uint32_t end, Visit visit) const {
    Position position{unit, kFirstRecord};
    while (end == 0 || position.offset < end) {
        RecordHead head;
        std::byte* record = look_at(position, head);
        if (!head.is(kCommitted) || head.is(kNextChunk)) return;
        visit(position, head, record);
        position.offset += record_bytes(head);
    }
}

template <class Retire>
bool RecordLog::front(Front& found, Retire retire) {
    for (;;) {
        found.at = Position::unpack(head_.position.load(std::memory_order_relaxed));
        found.record = look_at(found.at, found.head);
        if (!found.head.is(kCommitted)) return false;
        if (!found.head.is(kNextChunk)) {
            require(found.head.check ==
                        static_cast<std::uint16_t>(head_.count.load(std::memory_order_relaxed)),
                    "the head shows a record of another place");
            return true;
        }
        // Otherwise chunks that form a ring would keep us here for ever.
        require(found.at.offset != kFirstRecord, "a chunk without records was left");
        leave_chunk(found.at, found.head.length);
        finish_retiring(retire);
    }
}

template <class Retire>
void RecordLog::finish_retiring(Retire retire) {
    const std::uint32_t leaving = head_.retiring.load(std::memory_order_relaxed);
    if (leaving == 0) return;
    const auto now = Position::unpack(head_.position.load(std::memory_order_relaxed));
    // Otherwise the dead consumer had only announced it.
    if (now.chunk != leaving - 1) {
        retire(leaving - 1, head_.retiring_first.load(std::memory_order_relaxed));
    }
    head_.retiring.store(0, std::memory_order_release);
}

}  // namespace procession::ring
