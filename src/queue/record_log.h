// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/step.h"
#include "queue/copy_bytes.h"
#include "queue/record.h"
#include "shm/block_pool.h"
#include "shm/corrupt.h"
#include "shm/intent.h"

namespace procession::queue {

/// What a producer is about to do with a block, which is the subject. Value 0 is the tail's count.
enum class TailIntent : std::uint8_t { publish_block = 1, link_chunk = 2 };

/// The subject is the chunk that the head leaves, the epoch that chunk's first_count.
enum class HeadIntent : std::uint8_t { leave_chunk = 1 };

/// Where producers write. Written only under the tail lock.
struct TailState {
    std::atomic<std::uint64_t> position;
    std::atomic<std::uint64_t> count;  // records ever committed
    std::atomic<std::uint64_t> bytes;  // payload bytes ever committed
    shm::Intent<1> intent;
};

/// Where consumers read. Written only under the head lock.
struct HeadState {
    std::atomic<std::uint64_t> position;
    std::atomic<std::uint64_t> count;  // records ever taken from the log
    std::atomic<std::uint64_t> bytes;
    shm::Intent<0> leaving;
};

/// What the head of the log shows.
struct Front {
    Position at;
    RecordHead head;
    std::byte* record = nullptr;  // its first word
};

/// Records one behind the other, from the head of the log on.
struct Run {
    std::uint32_t chunk = 0;
    std::uint32_t end = 0;  // offset behind the last one
    std::uint32_t records = 0;
    std::uint64_t bytes = 0;  // that they count for
};

/// A first-in-first-out log of records over linked chunks of a shm::BlockPool.
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
///      never freed: the head follows a link only when the tail has.
///   3. Each passed chunk has at least one record.
class RecordLog {
  public:
    RecordLog(TailState& tail, HeadState& head, shm::BlockPool& pool, RecordLayout shape)
        : tail_(tail), head_(head), pool_(pool), shape_(shape) {}

    /// Makes the first chunk. Called by the creator, before any other process sees the queue.
    void begin(std::uint32_t unit);

    // Under the tail lock.
    /// Whether append() of so many payload bytes needs link() first.
    [[nodiscard]] bool needs_chunk(std::uint32_t payload) const;
    void link(std::uint32_t unit);
    /// append() of a payload in the record, when the tail's chunk has room for it. Otherwise false,
    /// and nothing is done.
    [[nodiscard]] bool try_append(std::uint8_t format, std::span<const std::byte> payload);
    /// Appends and commits. `outside` marks the payload as a block reference.
    void append(std::uint8_t format, std::span<const std::byte> payload,
                std::uint64_t counted_bytes, bool outside);
    /// Appends the next pieces, next(i, format, payload) until that says false, as far as they fit
    /// the tail's chunk, and commits all of them by one store. Returns how many; there may be none.
    template <class Next>
    [[nodiscard]] std::size_t try_append_run(Next next);
    /// Before append(..., outside): hands the block, until now owned by the caller, to the log.
    void begin_publish(std::uint32_t unit);
    /// After it.
    void end_publish() noexcept;
    /// Whether the counts are those of the records before the tail, and nothing lies behind it.
    /// Throws Corrupt otherwise.
    void audit_tail() const;
    /// Rolls the tail over what a dead producer committed; recomputes the counts; gives a block
    /// that was announced and not committed back to the dead producer.
    void repair_tail(std::uint32_t dead);

    // Under the head lock.
    /// The oldest record, or false. Moves over the end of a chunk; the chunk left is handed to
    /// `retire`, which frees it in its time.
    template <class Retire>
    [[nodiscard]] bool front(Front& found, Retire retire);
    /// front() when the record lies in the head's own chunk. Otherwise false, and nothing is done.
    [[nodiscard]] bool try_front(Front& found) const noexcept;
    /// The records from the front on, as far as they lie in its chunk with their payloads, each one
    /// handed to take(record, head, payload) until that says false.
    template <class Take>
    [[nodiscard]] Run front_run(const Front& front, Take take) const;
    /// Takes all of a run: its one store commits.
    void advance(const Run& run) noexcept;
    /// Takes the front record: its one store commits.
    void advance(const Front& front, std::uint64_t counted_bytes) noexcept;
    /// As audit_tail(), of the head.
    void audit_head() const;
    void repair_head();
    /// Finishes a leaving that a dead consumer began: calls retire(chunk) if the head has left the
    /// chunk.
    template <class Retire>
    void finish_retiring(Retire retire);

    /// Without a lock, a hint: whether the head shows a committed record.
    [[nodiscard]] bool shows_a_record() const noexcept;

    /// Without a lock: the lease word at a position while its chunk is the one that began with the
    /// record `chunk_first`; 0 when that chunk has gone.
    [[nodiscard]] std::uint64_t peek_lease(Position position,
                                           std::uint64_t chunk_first) const noexcept;
    /// The committed record at a position, validated: all of it lies in its chunk.
    std::byte* record_at(Position position, RecordHead& head) const;
    /// The lease word of a joinable queue's record, whatever is there by now.
    [[nodiscard]] std::atomic<std::uint64_t>& lease_at(Position position) const;
    /// Under the head lock of a dead consumer, before repair_head(): how many records whose payload
    /// lies in the log it had taken without counting them. None in a log with leases.
    [[nodiscard]] std::uint32_t took_inline_uncounted() const;
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
    [[nodiscard]] RecordLayout shape() const noexcept { return shape_; }

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
    /// Makes the cache lines of a taken record, as far as no process needs them any more, dirty in
    /// this processor's cache, by stores that change nothing.
    void touch(std::byte* record, std::uint32_t from, std::uint32_t to) const noexcept;
    [[nodiscard]] std::byte* at(Position position) const;
    /// Whether a record may begin there, as far as this process knows: false also for memory that
    /// it has not looked at since it was made.
    [[nodiscard]] bool is_inside(Position position) const noexcept;
    void write(Position tail, std::byte* record, RecordHead head,
               std::span<const std::byte> payload, std::uint64_t counted) noexcept;
    void move_tail(Position to, std::uint64_t records, std::uint64_t counted) noexcept;
    /// What the log shows at a position: a record, which is validated; the way to the next chunk;
    /// or its end, behind which nothing may be read.
    std::byte* look_at(Position position, RecordHead& head) const;
    struct Counted {
        std::uint64_t count = 0;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] Counted counted_before(Position position) const;
    [[nodiscard]] std::uint32_t record_bytes(RecordHead head) const noexcept {
        return shape_.bytes(head.is(kOutside) ? RecordLayout::kOutsideBytes : head.length);
    }
    /// Also between the two stores of link(), when the log goes on in another chunk already.
    [[nodiscard]] bool tail_stands_in(std::uint32_t unit) const noexcept;
    void leave_chunk(Position from, std::uint32_t next);

    TailState& tail_;
    HeadState& head_;
    shm::BlockPool& pool_;
    RecordLayout shape_;
};

inline bool RecordLog::is_inside(Position position) const noexcept {
    return position.offset >= kFirstRecord && position.offset <= kChunkBytes - 8 &&
           position.offset % 8 == 0 && pool_.has_memory(position.chunk, kChunkUnits);
}

inline std::byte* RecordLog::at(Position position) const {
    shm::require(position.offset >= kFirstRecord && position.offset <= kChunkBytes - 8 &&
                     position.offset % 8 == 0,
                 "a position lies outside its chunk");
    pool_.require_memory(position.chunk, kChunkUnits);
    return pool_.memory(position.chunk) + position.offset;
}

inline std::byte* RecordLog::record_at(Position position, RecordHead& head) const {
    std::byte* record = look_at(position, head);
    shm::require(head.is(kCommitted) && !head.is(kNextChunk), "a position shows no record");
    return record;
}

inline std::byte* RecordLog::look_at(Position position, RecordHead& head) const {
    std::byte* record = at(position);
    // acquire: pairs with the committing store; the payload is visible
    head = RecordHead::unpack(word(record).load(std::memory_order_acquire));
    if (head.is(kCommitted) && !head.is(kNextChunk)) {
        shm::require((head.is(kOutside) || head.length <= RecordLayout::kInlineMax) &&
                         position.offset + record_bytes(head) + 8 <= kChunkBytes,
                     "a record reaches beyond its chunk");
    }
    return record;
}

inline bool RecordLog::try_append(std::uint8_t format, std::span<const std::byte> payload) {
    // relaxed: written by the holder of the lock only
    const auto tail = Position::unpack(tail_.position.load(std::memory_order_relaxed));
    const auto length = static_cast<std::uint32_t>(payload.size());
    if (!is_inside(tail) || tail.offset + shape_.bytes(length) + 8 > kChunkBytes) return false;
    write(tail, pool_.memory(tail.chunk) + tail.offset, {length, kCommitted, format, 0}, payload,
          payload.size());
    return true;
}

// All stores in program order for the process that repairs after us: release keeps the compiler
// from reordering them, and costs nothing on x86-64.
inline void RecordLog::write(Position tail, std::byte* record, RecordHead head,
                             std::span<const std::byte> payload, std::uint64_t counted) noexcept {
    constexpr auto ordered = std::memory_order_release;
    // relaxed: written by the holder of the lock only
    const std::uint64_t count = tail_.count.load(std::memory_order_relaxed);
    const std::uint32_t bytes = shape_.bytes(static_cast<std::uint32_t>(payload.size()));
    copy_bytes(record + shape_.payload_at(), payload);
    if (shape_.payload_at() > 8) lease_word(record).store(LeaseWord{}.pack(), ordered);
    PROCESSION_STEP("log.append.copied");
    word(record + bytes).store(0, ordered);
    PROCESSION_STEP("log.append.ended");
    head.check = static_cast<std::uint16_t>(count);
    // release: the commit. A consumer that sees it sees the payload and the end behind it.
    word(record).store(head.pack(), ordered);
    PROCESSION_STEP("log.append.committed");
    move_tail({tail.chunk, tail.offset + bytes}, 1, counted);
}

inline void RecordLog::move_tail(Position to, std::uint64_t records,
                                 std::uint64_t counted) noexcept {
    constexpr auto ordered = std::memory_order_release;  // as in write()
    tail_.position.store(to.pack(), ordered);
    PROCESSION_STEP("log.append.moved");
    tail_.bytes.store(tail_.bytes.load(std::memory_order_relaxed) + counted, ordered);
    PROCESSION_STEP("log.append.weighed");
    // release: read by consumers and by qsize()
    tail_.count.store(tail_.count.load(std::memory_order_relaxed) + records, ordered);
    PROCESSION_STEP("log.append.counted");
}

// The first record's head is written last. Until then the log ends before it, whatever lies behind.
template <class Next>
std::size_t RecordLog::try_append_run(Next next) {
    constexpr auto ordered = std::memory_order_release;  // as in write()
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
        const std::uint32_t bytes = shape_.bytes(length);
        if (end + bytes + 8 > kChunkBytes) break;
        const RecordHead head{length, kCommitted, format,
                              static_cast<std::uint16_t>(count + records)};
        if (records == 0) {
            first = head;
        } else {
            word(chunk + end).store(head.pack(), ordered);
        }
        if (shape_.payload_at() > 8) lease_word(chunk + end).store(LeaseWord{}.pack(), ordered);
        copy_bytes(chunk + end + shape_.payload_at(), payload);
        PROCESSION_STEP("log.append_run.copied");
        end += bytes;
        counted += length;
        ++records;
    }
    if (records == 0) return 0;
    word(chunk + end).store(0, ordered);
    PROCESSION_STEP("log.append_run.ended");
    // release: the commit. A consumer that sees it sees all of the run, and the end behind it.
    word(chunk + tail.offset).store(first.pack(), ordered);
    PROCESSION_STEP("log.append_run.committed");
    move_tail({tail.chunk, end}, records, counted);
    return records;
}

inline bool RecordLog::try_front(Front& found) const noexcept {
    // relaxed: written by the holder of the lock only
    found.at = Position::unpack(head_.position.load(std::memory_order_relaxed));
    if (!is_inside(found.at)) return false;
    found.record = pool_.memory(found.at.chunk) + found.at.offset;
    // acquire: pairs with the committing store; the payload is visible
    found.head = RecordHead::unpack(word(found.record).load(std::memory_order_acquire));
    const bool usual = found.head.flags == kCommitted &&
                       found.head.length <= RecordLayout::kInlineMax &&
                       found.at.offset + shape_.bytes(found.head.length) + 8 <= kChunkBytes;
    return usual && found.head.check ==
                        static_cast<std::uint16_t>(head_.count.load(std::memory_order_relaxed));
}

inline void RecordLog::advance(const Front& front, std::uint64_t counted) noexcept {
    const std::uint32_t end = front.at.offset + record_bytes(front.head);
    advance(Run{front.at.chunk, end, 1, counted});
    touch(front.record, front.at.offset, end);
}

inline void RecordLog::advance(const Run& run) noexcept {
    constexpr auto ordered = std::memory_order_release;  // as in write()
    const std::uint64_t count = head_.count.load(std::memory_order_relaxed);
    PROCESSION_STEP("log.advance.ready");
    // release: the commit. A producer that sees it may count on the space.
    head_.position.store(Position{run.chunk, run.end}.pack(), ordered);
    PROCESSION_STEP("log.advance.taken");
    head_.bytes.store(head_.bytes.load(std::memory_order_relaxed) + run.bytes, ordered);
    PROCESSION_STEP("log.advance.weighed");
    head_.count.store(count + run.records, ordered);
    PROCESSION_STEP("log.advance.counted");
}

template <class Take>
Run RecordLog::front_run(const Front& front, Take take) const {
    Run run{front.at.chunk, front.at.offset, 0, 0};
    const std::uint64_t count = head_.count.load(std::memory_order_relaxed);
    std::byte* const chunk = front.record - front.at.offset;
    for (;;) {
        // acquire: pairs with the committing store; the payload is visible
        const auto head = RecordHead::unpack(word(chunk + run.end).load(std::memory_order_acquire));
        if (head.flags != kCommitted || head.length > RecordLayout::kInlineMax) break;
        const std::uint32_t end = run.end + shape_.bytes(head.length);
        if (end + 8 > kChunkBytes) break;
        if (head.check != static_cast<std::uint16_t>(count + run.records)) break;
        std::byte* const record = chunk + run.end;
        if (!take(Position{run.chunk, run.end}, head, record)) break;
        touch(record, run.end, end);
        run.bytes += head.length;
        run.end = end;
        ++run.records;
    }
    return run;
}

// A line that was only read stays in our cache: the producer that writes there next must first take
// it away from us, and no prefetcher does that in time. A dirty line is an ordinary miss for the
// producer, whose prefetcher fetches it ahead.
inline void RecordLog::touch(std::byte* record, std::uint32_t from,
                             std::uint32_t to) const noexcept {
    constexpr std::uint32_t kLineMask = 63;
    std::uint32_t word_at = from;  // the record's head, which no process changes
    for (std::uint32_t line = from; (line | kLineMask) < to;) {
        auto& same = word(record + (word_at - from));
        // relaxed: changes nothing
        same.store(same.load(std::memory_order_relaxed), std::memory_order_relaxed);
        line = (line | kLineMask) + 1;
        // Not the words between head and payload (the lease): they may change from now on.
        word_at = line < from + shape_.payload_at() ? from + shape_.payload_at() : line;
        if (word_at >= to) return;
    }
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
        finish_retiring(retire);
    }
}

template <class Retire>
void RecordLog::finish_retiring(Retire retire) {
    if (!head_.leaving.is_open_here()) return;
    const auto chunk = static_cast<std::uint32_t>(head_.leaving.subject());
    const auto now = Position::unpack(head_.position.load(std::memory_order_relaxed));
    // Otherwise the dead consumer had only begun the intent.
    if (now.chunk != chunk) retire(chunk, head_.leaving.epoch());
    head_.leaving.end();
    PROCESSION_STEP("log.leave.settled");
}

}  // namespace procession::queue
