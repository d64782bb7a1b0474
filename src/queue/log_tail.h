// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/step.h"
#include "queue/copy_bytes.h"
#include "queue/locks.h"
#include "queue/log_state.h"
#include "queue/records.h"
#include "shm/memory_orders.h"

namespace procession::inline v0::detail::queue {

/// The end of the log where producers write. Throws Corrupt.
class LogTail : private Records {
  public:
    LogTail(TailState& tail, shm::BlockPool& pool, RecordLayout layout)
        : Records(pool, layout), tail_(tail) {}

    /// Makes the first chunk. Called by the creator, before any other process sees the queue.
    void begin(HeadState& head, std::uint32_t unit);
    /// Whether append() of so many payload bytes needs link() first.
    [[nodiscard]] bool needs_chunk(HoldsTail lock, std::uint32_t payload) const;
    void link(HoldsTail lock, std::uint32_t unit);
    /// append() of a payload in the record, when the tail's chunk has room for it. Otherwise false,
    /// and nothing is done.
    [[nodiscard]] bool try_append(HoldsTail lock, std::uint8_t format,
                                  std::span<const std::byte> payload);
    /// Appends and commits. `outside` marks the payload as a block reference.
    void append(HoldsTail lock, std::uint8_t format, std::span<const std::byte> payload,
                std::uint64_t counted_bytes, bool outside);
    /// Appends the next pieces, next(i, format, payload) until that says false, as far as they fit
    /// the tail's chunk, and commits all of them by one store. Returns how many; there may be none.
    template <class Next>
    [[nodiscard]] std::size_t try_append_run(HoldsTail lock, Next next);
    /// Before append(..., outside): hands the block, until now owned by the caller, to the log.
    void begin_publish(HoldsTail lock, std::uint32_t unit);
    /// After it.
    void end_publish(HoldsTail lock) noexcept;
    /// Whether the counts are those of the records before the tail, and nothing lies behind it.
    /// Throws Corrupt otherwise.
    void audit(HoldsTail lock) const;
    /// Rolls the tail over what a dead producer committed; recomputes the counts; gives a block
    /// that was announced and not committed back to the dead producer.
    void repair(HoldsTail lock, std::uint32_t dead);

  private:
    void write(Position tail, std::byte* record, RecordHead head,
               std::span<const std::byte> payload, std::uint64_t counted) noexcept;
    void move_tail(Position to, std::uint64_t records, std::uint64_t counted) noexcept;

    TailState& tail_;
};

inline bool LogTail::try_append(HoldsTail /*lock*/, std::uint8_t format,
                                std::span<const std::byte> payload) {
    // relaxed: written by the holder of the lock only
    const auto tail = Position::unpack(tail_.position.load(std::memory_order_relaxed));
    const auto length = static_cast<std::uint32_t>(payload.size());
    if (!is_inside(tail) || tail.offset + layout_.bytes(length) + 8 > kChunkBytes) return false;
    write(tail, pool_.memory(tail.chunk) + tail.offset, {length, kCommitted, format, 0}, payload,
          payload.size());
    return true;
}

// All stores in program order for the process that repairs after us: release keeps the compiler
// from reordering them, and costs nothing on x86-64.
inline void LogTail::write(Position tail, std::byte* record, RecordHead head,
                           std::span<const std::byte> payload, std::uint64_t counted) noexcept {
    // relaxed: written by the holder of the lock only
    const std::uint64_t count = tail_.count.load(std::memory_order_relaxed);
    const std::uint32_t bytes = layout_.bytes(static_cast<std::uint32_t>(payload.size()));
    copy_bytes(record + layout_.payload_at(), payload);
    if (layout_.payload_at() > 8) lease_word(record).store(LeaseWord{}.pack(), shm::kOrdered);
    PROCESSION_STEP("log.append.copied");
    word_at(record + bytes).store(0, shm::kOrdered);
    PROCESSION_STEP("log.append.ended");
    head.check = static_cast<std::uint16_t>(count);
    // release: the commit. A consumer that sees it sees the payload and the end behind it.
    word_at(record).store(head.pack(), shm::kOrdered);
    PROCESSION_STEP("log.append.committed");
    move_tail({tail.chunk, tail.offset + bytes}, 1, counted);
}

inline void LogTail::move_tail(Position to, std::uint64_t records, std::uint64_t counted) noexcept {
    tail_.position.store(to.pack(), shm::kOrdered);
    PROCESSION_STEP("log.append.moved");
    tail_.bytes.store(tail_.bytes.load(std::memory_order_relaxed) + counted, shm::kOrdered);
    PROCESSION_STEP("log.append.weighed");
    // release: read by consumers and by qsize()
    tail_.count.store(tail_.count.load(std::memory_order_relaxed) + records, shm::kOrdered);
    PROCESSION_STEP("log.append.counted");
}

// The first record's head is written last. Until then the log ends before it, whatever lies behind.
template <class Next>
std::size_t LogTail::try_append_run(HoldsTail /*lock*/, Next next) {
    const auto tail = Position::unpack(tail_.position.load(std::memory_order_relaxed));
    if (!is_inside(tail)) return 0;
    const std::uint64_t count = tail_.count.load(std::memory_order_relaxed);
    std::byte* const chunk = pool_.memory(tail.chunk);
    std::uint32_t end = tail.offset;
    std::uint64_t counted = 0;
    std::size_t records = 0;
    RecordHead first;
    std::uint8_t format = 0;
    std::span<const std::byte> payload;
    while (next(records, format, payload)) {
        const auto length = static_cast<std::uint32_t>(payload.size());
        const std::uint32_t bytes = layout_.bytes(length);
        if (end + bytes + 8 > kChunkBytes) break;
        const RecordHead head{length, kCommitted, format,
                              static_cast<std::uint16_t>(count + records)};
        if (records == 0) {
            first = head;
        } else {
            word_at(chunk + end).store(head.pack(), shm::kOrdered);
        }
        if (layout_.payload_at() > 8)
            lease_word(chunk + end).store(LeaseWord{}.pack(), shm::kOrdered);
        copy_bytes(chunk + end + layout_.payload_at(), payload);
        PROCESSION_STEP("log.append_run.copied");
        end += bytes;
        counted += length;
        ++records;
    }
    if (records == 0) return 0;
    word_at(chunk + end).store(0, shm::kOrdered);
    PROCESSION_STEP("log.append_run.ended");
    // release: the commit. A consumer that sees it sees all of the run, and the end behind it.
    word_at(chunk + tail.offset).store(first.pack(), shm::kOrdered);
    PROCESSION_STEP("log.append_run.committed");
    move_tail({tail.chunk, end}, records, counted);
    return records;
}

}  // namespace procession::inline v0::detail::queue
