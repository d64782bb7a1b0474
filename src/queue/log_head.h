// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/step.h"
#include "queue/locks.h"
#include "queue/log_state.h"
#include "queue/records.h"
#include "shm/memory_orders.h"

namespace procession::inline v0::detail::queue {

/// What the head of the log shows.
struct Front {
    Position at;
    RecordHead head;
    std::byte* record = nullptr;  // its first word
};

/// Records one behind the other, from the head of the log on.
struct RecordRun {
    std::uint32_t chunk = 0;
    std::uint32_t end = 0;  // offset behind the last one
    std::uint32_t records = 0;
    std::uint64_t bytes = 0;  // that they count for
};

/// The end of the log where consumers read. Throws Corrupt.
class LogHead : private Records {
  public:
    LogHead(HeadState& head, const TailState& tail, shm::BlockPool& pool, RecordLayout layout)
        : Records(pool, layout), head_(head), tail_(tail) {}

    /// The oldest record, or false. Moves over the end of a chunk; the chunk left is handed to
    /// `retire`, which frees it in its time.
    template <class Retire>
    [[nodiscard]] bool front(HoldsHead lock, Front& found, Retire retire);
    /// front() when the record lies in the head's own chunk. Otherwise false, and nothing is done.
    [[nodiscard]] bool try_front(HoldsHead lock, Front& found) const noexcept;
    /// The records from the front on, as far as they lie in its chunk with their payloads, each one
    /// handed to take(record, head, payload) until that says false.
    template <class Take>
    [[nodiscard]] RecordRun front_run(HoldsHead lock, const Front& front, Take take) const;
    /// Takes all of a run: its one store commits.
    void advance(HoldsHead lock, const RecordRun& run) noexcept;
    /// Takes the front record: its one store commits.
    void advance(HoldsHead lock, const Front& front, std::uint64_t counted_bytes) noexcept;
    /// Finishes a leaving that a dead consumer began: calls retire(chunk) if the head has left the
    /// chunk.
    template <class Retire>
    void finish_leaving(HoldsHead lock, Retire retire);
    /// Whether the counts are those of the records before the head. Throws Corrupt otherwise.
    void audit(HoldsHead lock) const;
    /// In the name of a dead consumer, before repair(): how many records whose payload lies in the
    /// log it had taken without counting them. None in a log with leases.
    [[nodiscard]] std::uint32_t took_inline_uncounted(HoldsHead lock) const;
    void repair(HoldsHead lock);

    /// Without a lock, a hint: whether the head shows a committed record.
    [[nodiscard]] bool shows_a_record() const noexcept;
    /// Whether a chunk is being left. For the holder of the lock, or as a hint.
    [[nodiscard]] bool is_leaving() const noexcept { return head_.leaving.is_open(); }

  private:
    /// Makes the cache lines of a taken record, as far as no process needs them any more, dirty in
    /// this processor's cache, by stores that change nothing.
    void dirty_cache_lines(std::byte* record, std::uint32_t from, std::uint32_t to) const noexcept;
    /// Also between the two stores of LogTail::link(), when the log goes on in another chunk
    /// already.
    [[nodiscard]] bool tail_stands_in(std::uint32_t unit) const noexcept;
    void leave_chunk(Position from, std::uint32_t next);

    HeadState& head_;
    const TailState& tail_;
};

inline bool LogHead::try_front(HoldsHead /*lock*/, Front& found) const noexcept {
    // relaxed: written by the holder of the lock only
    found.at = Position::unpack(head_.position.load(std::memory_order_relaxed));
    if (!is_inside(found.at)) return false;
    found.record = pool_.memory(found.at.chunk) + found.at.offset;
    // acquire: pairs with the committing store; the payload is visible
    found.head = RecordHead::unpack(word_at(found.record).load(std::memory_order_acquire));
    const bool usual = found.head.flags == kCommitted &&
                       found.head.length <= RecordLayout::kInlineMax &&
                       found.at.offset + layout_.bytes(found.head.length) + 8 <= kChunkBytes;
    return usual && found.head.check ==
                        static_cast<std::uint16_t>(head_.count.load(std::memory_order_relaxed));
}

inline void LogHead::advance(HoldsHead lock, const Front& front, std::uint64_t counted) noexcept {
    const std::uint32_t end = front.at.offset + record_bytes(front.head);
    advance(lock, RecordRun{front.at.chunk, end, 1, counted});
    dirty_cache_lines(front.record, front.at.offset, end);
}

inline void LogHead::advance(HoldsHead /*lock*/, const RecordRun& run) noexcept {
    const std::uint64_t count = head_.count.load(std::memory_order_relaxed);
    PROCESSION_STEP("log.advance.ready");
    // release: the commit. A producer that sees it may count on the space.
    head_.position.store(Position{run.chunk, run.end}.pack(), shm::kOrdered);
    PROCESSION_STEP("log.advance.taken");
    head_.bytes.store(head_.bytes.load(std::memory_order_relaxed) + run.bytes, shm::kOrdered);
    PROCESSION_STEP("log.advance.weighed");
    head_.count.store(count + run.records, shm::kOrdered);
    PROCESSION_STEP("log.advance.counted");
}

template <class Take>
RecordRun LogHead::front_run(HoldsHead /*lock*/, const Front& front, Take take) const {
    RecordRun run{front.at.chunk, front.at.offset, 0, 0};
    const std::uint64_t count = head_.count.load(std::memory_order_relaxed);
    std::byte* const chunk = front.record - front.at.offset;
    for (;;) {
        // acquire: pairs with the committing store; the payload is visible
        const auto head =
            RecordHead::unpack(word_at(chunk + run.end).load(std::memory_order_acquire));
        if (head.flags != kCommitted || head.length > RecordLayout::kInlineMax) break;
        const std::uint32_t end = run.end + layout_.bytes(head.length);
        if (end + 8 > kChunkBytes) break;
        if (head.check != static_cast<std::uint16_t>(count + run.records)) break;
        std::byte* const record = chunk + run.end;
        if (!take(Position{run.chunk, run.end}, head, record)) break;
        dirty_cache_lines(record, run.end, end);
        run.bytes += head.length;
        run.end = end;
        ++run.records;
    }
    return run;
}

// A line that was only read stays in our cache: the producer that writes there next must first take
// it away from us, and no prefetcher does that in time. A dirty line is an ordinary miss for the
// producer, whose prefetcher fetches it ahead.
inline void LogHead::dirty_cache_lines(std::byte* record, std::uint32_t from,
                                       std::uint32_t to) const noexcept {
    constexpr std::uint32_t kLineMask = 63;
    std::uint32_t offset = from;  // the record's head, which no process changes
    for (std::uint32_t line = from; (line | kLineMask) < to;) {
        auto& same = word_at(record + (offset - from));
        // relaxed: changes nothing
        same.store(same.load(std::memory_order_relaxed), std::memory_order_relaxed);
        line = (line | kLineMask) + 1;
        // Not the words between head and payload (the lease): they may change from now on.
        offset = line < from + layout_.payload_at() ? from + layout_.payload_at() : line;
        if (offset >= to) return;
    }
}

template <class Retire>
bool LogHead::front(HoldsHead lock, Front& found, Retire retire) {
    for (;;) {
        found.at = Position::unpack(head_.position.load(std::memory_order_relaxed));
        found.record = look_at(found.at, found.head);
        if (!found.head.is(kCommitted)) return false;
        if (!found.head.is(kNextChunk)) {
            shm::require(found.head.check == static_cast<std::uint16_t>(
                                                 head_.count.load(std::memory_order_relaxed)),
                         "the head shows a record of another place");
            return true;
        }
        // Otherwise chunks that form a ring would keep us here for ever.
        shm::require(found.at.offset != kFirstRecord, "a chunk without records was left");
        // Then the next chunk is empty, and the process that repairs after a dead producer reads
        // this one.
        if (tail_stands_in(found.at.chunk)) return false;
        leave_chunk(found.at, found.head.length);
        finish_leaving(lock, retire);
    }
}

template <class Retire>
void LogHead::finish_leaving(HoldsHead /*lock*/, Retire retire) {
    if (!head_.leaving.is_open_here()) return;
    const auto chunk = static_cast<std::uint32_t>(head_.leaving.subject());
    const auto now = Position::unpack(head_.position.load(std::memory_order_relaxed));
    // Otherwise the dead consumer had only begun the intent.
    if (now.chunk != chunk) retire(chunk, head_.leaving.epoch());
    head_.leaving.end();
    PROCESSION_STEP("log.leave.settled");
}

}  // namespace procession::inline v0::detail::queue
