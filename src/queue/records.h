// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "queue/record.h"
#include "shm/block_pool.h"
#include "shm/corrupt.h"

namespace procession::inline v0::detail::queue {

/// The word of shared memory at `at`.
[[nodiscard]] inline std::atomic<std::uint64_t>& word_at(std::byte* at) noexcept {
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(at);
}
/// Of a joinable queue's record.
[[nodiscard]] inline std::atomic<std::uint64_t>& lease_word(std::byte* record) noexcept {
    return word_at(record + 8);
}
[[nodiscard]] inline std::atomic<std::uint64_t>& link_word(std::byte* record) noexcept {
    return word_at(record + 16);
}

/// The payload of a record, and the unit of the block that it lies in: kNone if it is in the
/// record.
struct Payload {
    std::span<const std::byte> bytes;
    std::uint32_t unit = shm::BlockPool::kNone;
};

/// The records of a log, for reading: whatever the shared state holds, nothing outside of the
/// memory that is there is touched. Throws Corrupt where the state is impossible.
///
/// Threads: any. What is read under no lock is a hint.
class Records {
  public:
    Records(shm::BlockPool& pool, RecordLayout layout) : pool_(pool), layout_(layout) {}

    /// The committed record at a position, validated: all of it lies in its chunk.
    std::byte* record_at(Position position, RecordHead& head) const;
    /// Its payload: in the record, or in a block that holds one.
    [[nodiscard]] Payload payload_of(std::byte* record, RecordHead head) const;
    /// The lease word of a joinable queue's record, whatever is there by now.
    [[nodiscard]] std::atomic<std::uint64_t>& lease_at(Position position) const;
    /// Without a lock: the lease word at a position while its chunk is the one that began with the
    /// record `chunk_first`; 0 when that chunk has gone.
    [[nodiscard]] std::uint64_t peek_lease(Position position,
                                           std::uint64_t chunk_first) const noexcept;
    /// Payload bytes that a record counts for: its own length, or that of its block.
    [[nodiscard]] std::uint64_t counted_bytes(std::byte* record, RecordHead head) const;
    /// How many records of a chunk have a finished lease.
    [[nodiscard]] std::uint32_t count_finished(std::uint32_t unit) const;
    /// The unit of a record's own block (kOutside), in range.
    [[nodiscard]] std::uint32_t outside_unit(std::byte* record) const;
    [[nodiscard]] ChunkHeader& chunk(std::uint32_t unit) const;
    /// chunk() of a unit that has been validated.
    [[nodiscard]] ChunkHeader& header_at(std::uint32_t unit) const noexcept {
        return *reinterpret_cast<ChunkHeader*>(pool_.memory(unit));
    }
    /// The record at a position that has been validated.
    [[nodiscard]] std::byte* memory_at(Position position) const noexcept {
        return pool_.memory(position.chunk) + position.offset;
    }
    [[nodiscard]] RecordLayout layout() const noexcept { return layout_; }

    /// Visits each record of a chunk up to `end` (0: to its end): visit(position, head, record).
    template <class Visit>
    void each_record(std::uint32_t unit, std::uint32_t end, Visit visit) const;

  protected:
    [[nodiscard]] std::byte* at(Position position) const;
    /// Whether a record may begin there, as far as this process knows: false also for memory that
    /// it has not looked at since it was made.
    [[nodiscard]] bool is_inside(Position position) const noexcept;
    /// What the log shows at a position: a record, which is validated; the way to the next chunk;
    /// or its end, behind which nothing may be read.
    std::byte* look_at(Position position, RecordHead& head) const;
    struct Counted {
        std::uint64_t count = 0;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] Counted counted_before(Position position) const;
    [[nodiscard]] std::uint32_t record_bytes(RecordHead head) const noexcept {
        return layout_.bytes(head.is(kOutside) ? RecordLayout::kOutsideBytes : head.length);
    }

    shm::BlockPool& pool_;
    RecordLayout layout_;
};

inline bool Records::is_inside(Position position) const noexcept {
    return position.offset >= kFirstRecord && position.offset <= kChunkBytes - 8 &&
           position.offset % 8 == 0 && pool_.has_memory(position.chunk, kChunkUnits);
}

inline std::byte* Records::at(Position position) const {
    shm::require(position.offset >= kFirstRecord && position.offset <= kChunkBytes - 8 &&
                     position.offset % 8 == 0,
                 "a position lies outside its chunk");
    pool_.require_memory(position.chunk, kChunkUnits);
    return pool_.memory(position.chunk) + position.offset;
}

inline std::byte* Records::record_at(Position position, RecordHead& head) const {
    std::byte* record = look_at(position, head);
    shm::require(head.is(kCommitted) && !head.is(kNextChunk), "a position shows no record");
    return record;
}

inline std::byte* Records::look_at(Position position, RecordHead& head) const {
    std::byte* record = at(position);
    // acquire: pairs with the committing store; the payload is visible
    head = RecordHead::unpack(word_at(record).load(std::memory_order_acquire));
    if (head.is(kCommitted) && !head.is(kNextChunk)) {
        shm::require((head.is(kOutside) || head.length <= RecordLayout::kInlineMax) &&
                         position.offset + record_bytes(head) + 8 <= kChunkBytes,
                     "a record reaches beyond its chunk");
    }
    return record;
}

template <class Visit>
void Records::each_record(std::uint32_t unit, std::uint32_t end, Visit visit) const {
    Position position{unit, kFirstRecord};
    while (end == 0 || position.offset < end) {
        RecordHead head;
        std::byte* record = look_at(position, head);
        if (!head.is(kCommitted) || head.is(kNextChunk)) return;
        visit(position, head, record);
        position.offset += record_bytes(head);
    }
}

}  // namespace procession::inline v0::detail::queue
