// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/record_log.h"

#include "base/step.h"
#include "shm/corrupt.h"

namespace procession::queue {

namespace {

// Soft state and intents are stored in program order for the process that repairs after us: release
// keeps the compiler from reordering them, and costs nothing on x86-64.
constexpr auto kOrdered = std::memory_order_release;
// Read by the holder of the lock, which alone may write.
constexpr auto kOwn = std::memory_order_relaxed;

}  // namespace

ChunkHeader& RecordLog::chunk(std::uint32_t unit) const {
    return *reinterpret_cast<ChunkHeader*>(at({unit, kFirstRecord}) - kFirstRecord);
}

std::uint64_t RecordLog::counted_bytes(std::byte* record, RecordHead head) const {
    if (!head.is(kOutside)) return head.length;
    return word(record + shape_.payload_at() + 8).load(std::memory_order_relaxed);
}

void RecordLog::begin(std::uint32_t unit) {
    ChunkHeader& first = chunk(unit);
    first.first_count.store(0, kOrdered);
    first.first_bytes.store(0, kOrdered);
    first.passed.store(0, kOrdered);
    first.finished.store(0, kOrdered);
    const Position start{unit, kFirstRecord};
    PROCESSION_STEP("log.begin.described");
    word(at(start)).store(0, kOrdered);
    head_.position.store(start.pack(), kOrdered);
    PROCESSION_STEP("log.begin.headed");
    tail_.position.store(start.pack(), kOrdered);
    PROCESSION_STEP("log.begin.placed");
    pool_.set(unit, shm::BlockState::chunk, 0);
    PROCESSION_STEP("log.begin.marked");
}

bool RecordLog::needs_chunk(std::uint32_t payload) const {
    const auto tail = Position::unpack(tail_.position.load(kOwn));
    return tail.offset + shape_.bytes(payload) + 8 > kChunkBytes;
}

void RecordLog::link(std::uint32_t unit) {
    const auto tail = Position::unpack(tail_.position.load(kOwn));
    ChunkHeader& fresh = chunk(unit);
    const Position start{unit, kFirstRecord};
    fresh.first_count.store(tail_.count.load(kOwn), kOrdered);
    // Pairs with the loads of peek_lease(): a thread that takes a payload of the fresh chunk for a
    // lease of the chunk that was there before reads this first count after it.
    std::atomic_thread_fence(std::memory_order_release);
    fresh.first_bytes.store(tail_.bytes.load(kOwn), kOrdered);
    fresh.passed.store(0, kOrdered);
    fresh.records.store(0, kOrdered);
    fresh.finished.store(0, kOrdered);
    word(at(start)).store(0, kOrdered);
    PROCESSION_STEP("log.link.prepared");
    // So that a repairer knows whether to keep or to free the chunk.
    tail_.intent.begin(TailIntent::link_chunk, unit, 0, {tail_.count.load(kOwn)});
    PROCESSION_STEP("log.link.begun");
    pool_.set(unit, shm::BlockState::chunk, 0);
    PROCESSION_STEP("log.link.marked");
    // release: a consumer that follows the link sees the chunk prepared
    word(at(tail)).store(RecordHead{unit, kCommitted | kNextChunk, 0, 0}.pack(), kOrdered);
    PROCESSION_STEP("log.link.linked");
    tail_.position.store(start.pack(), kOrdered);
    PROCESSION_STEP("log.link.moved");
    end_publish();
}

void RecordLog::append(std::uint8_t format, std::span<const std::byte> payload,
                       std::uint64_t counted, bool outside) {
    const auto tail = Position::unpack(tail_.position.load(kOwn));
    std::byte* record = at(tail);
    const auto length = static_cast<std::uint32_t>(payload.size());
    shm::require(tail.offset + shape_.bytes(length) + 8 <= kChunkBytes,
                 "the tail's chunk is too short");
    const auto flags = static_cast<std::uint8_t>(kCommitted | (outside ? kOutside : 0));
    write(tail, record, {length, flags, format, 0}, payload, counted);
}

void RecordLog::begin_publish(std::uint32_t unit) {
    tail_.intent.begin(TailIntent::publish_block, unit, 0, {tail_.count.load(kOwn)});
    PROCESSION_STEP("log.publish.begun");
    pool_.set(unit, shm::BlockState::queued, 0);
    PROCESSION_STEP("log.publish.marked");
}

void RecordLog::end_publish() noexcept {
    tail_.intent.end();
    PROCESSION_STEP("log.publish.ended");
}

void RecordLog::repair_tail(std::uint32_t dead) {
    auto tail = Position::unpack(tail_.position.load(kOwn));
    std::uint32_t chunks = 0;
    for (;;) {
        RecordHead head;
        look_at(tail, head);
        if (!head.is(kCommitted)) break;
        if (head.is(kNextChunk)) {
            // A producer moves the tail before it goes on: it is one link behind at most.
            shm::require(++chunks == 1, "the tail is several chunks behind");
            tail = {head.length, kFirstRecord};
        } else {
            tail.offset += record_bytes(head);
        }
    }
    const Counted counted = counted_before(tail);
    if (tail_.intent.is_open()) {
        const auto unit = static_cast<std::uint32_t>(tail_.intent.subject());
        // A chunk is in use when the tail stands in it; a payload when there is one record more
        // than at the begin of the intent.
        const bool committed = tail_.intent.is(TailIntent::link_chunk)
                                   ? tail.chunk == unit
                                   : counted.count > tail_.intent.value(0);
        // The sweep frees the blocks of the dead process.
        if (!committed) pool_.set(unit, shm::BlockState::owned, dead);
        PROCESSION_STEP("log.repair_tail.decided");
    }
    tail_.position.store(tail.pack(), kOrdered);
    PROCESSION_STEP("log.repair_tail.moved");
    tail_.bytes.store(counted.bytes, kOrdered);
    PROCESSION_STEP("log.repair_tail.weighed");
    tail_.count.store(counted.count, kOrdered);
    PROCESSION_STEP("log.repair_tail.counted");
    tail_.intent.end();
    PROCESSION_STEP("log.repair_tail.settled");
}

void RecordLog::audit_tail() const {
    const auto tail = Position::unpack(tail_.position.load(kOwn));
    RecordHead head;
    look_at(tail, head);
    shm::require(!head.is(kCommitted), "there are records behind the tail");
    const Counted counted = counted_before(tail);
    shm::require(counted.count == tail_.count.load(kOwn) && counted.bytes == tail_.bytes.load(kOwn),
                 "the producers' counts are not those of the log");
}

void RecordLog::audit_head() const {
    const Counted counted = counted_before(Position::unpack(head_.position.load(kOwn)));
    shm::require(counted.count == head_.count.load(kOwn) && counted.bytes == head_.bytes.load(kOwn),
                 "the consumers' counts are not those of the log");
}

RecordLog::Counted RecordLog::counted_before(Position position) const {
    const ChunkHeader& header = chunk(position.chunk);
    Counted counted{header.first_count.load(kOwn), header.first_bytes.load(kOwn)};
    std::uint32_t end = kFirstRecord;
    each_record(position.chunk, position.offset, [&](Position, RecordHead head, std::byte* record) {
        ++counted.count;
        counted.bytes += counted_bytes(record, head);
        end += record_bytes(head);
    });
    shm::require(end == position.offset, "the records do not lead to the position");
    return counted;
}

// The chunk may be in other use by now, and a payload be copied into it: a race, which ends in a
// wrong hint at worst. A caller that acts on the hint looks under the lock. ThreadSanitizer need
// not report it.
__attribute__((no_sanitize("thread"))) bool RecordLog::shows_a_record() const noexcept {
    const auto position = Position::unpack(head_.position.load(std::memory_order_acquire));
    if (!is_inside(position)) return true;  // so that a caller looks under the lock, and reports it
    const auto* first =
        reinterpret_cast<const std::uint64_t*>(pool_.memory(position.chunk) + position.offset);
    // The builtin, not std::atomic: its member function would be instrumented.
    const RecordHead head = RecordHead::unpack(__atomic_load_n(first, __ATOMIC_ACQUIRE));
    return head.is(kCommitted) && !(head.is(kNextChunk) && tail_stands_in(position.chunk));
}

bool RecordLog::tail_stands_in(std::uint32_t unit) const noexcept {
    // acquire: pairs with link(); read once a chunk
    return Position::unpack(tail_.position.load(std::memory_order_acquire)).chunk == unit;
}

// As in shows_a_record(): the chunk may be in other use, and the answer means something only while
// it is not.
__attribute__((no_sanitize("thread"))) std::uint64_t RecordLog::peek_lease(
    Position position, std::uint64_t chunk_first) const noexcept {
    if (!is_inside(position) || position.offset > kChunkBytes - 16) return 0;
    const std::byte* chunk = pool_.memory(position.chunk);
    const auto* first =
        reinterpret_cast<const std::uint64_t*>(chunk + offsetof(ChunkHeader, first_count));
    const auto* lease = reinterpret_cast<const std::uint64_t*>(chunk + position.offset + 8);
    // acquire: pairs with the fence of link(); what is read here may be a payload written after it
    const std::uint64_t seen = __atomic_load_n(lease, __ATOMIC_ACQUIRE);
    return __atomic_load_n(first, __ATOMIC_ACQUIRE) == chunk_first ? seen : 0;
}

std::uint32_t RecordLog::count_finished(std::uint32_t unit) const {
    std::uint32_t finished = 0;
    each_record(unit, 0, [&](Position, RecordHead, std::byte* record) {
        // seq_cst: pairs with the exchange that finished it. In Core::retire() this load stands
        // behind the exchange of `passed`, and in Core::finish_at_once() the load of `passed`
        // behind the exchange of the lease: one of the two sees the other's store.
        const LeaseWord lease =
            LeaseWord::unpack(lease_word(record).load(std::memory_order_seq_cst));
        if (lease.state == LeaseState::finished) ++finished;
    });
    return finished;
}

void RecordLog::leave_chunk(Position from, std::uint32_t next) {
    head_.leaving.begin(HeadIntent::leave_chunk, from.chunk,
                        chunk(from.chunk).first_count.load(kOwn), {});
    PROCESSION_STEP("log.leave.begun");
    head_.position.store(Position{next, kFirstRecord}.pack(), kOrdered);
    PROCESSION_STEP("log.leave.left");
}

std::atomic<std::uint64_t>& RecordLog::lease_at(Position position) const {
    return word(at({position.chunk, position.offset + 8}));
}

std::uint32_t RecordLog::took_inline_uncounted() const {
    if (shape_.payload_at() != 8) return 0;  // what is under a lease is not lost
    const auto position = Position::unpack(head_.position.load(kOwn));
    const std::uint64_t first = chunk(position.chunk).first_count.load(kOwn);
    std::uint64_t count = first;
    bool last_is_inline = false;
    each_record(position.chunk, position.offset, [&](Position, RecordHead head, std::byte*) {
        ++count;
        last_is_inline = !head.is(kOutside);
    });
    // Several were taken in one step only if all lie in the log, and in this chunk.
    const std::uint64_t counted = head_.count.load(kOwn);
    if (!last_is_inline || counted < first || counted > count) return 0;
    return static_cast<std::uint32_t>(count - counted);
}

void RecordLog::repair_head() {
    const auto position = Position::unpack(head_.position.load(kOwn));
    RecordHead head;
    std::byte* record = look_at(position, head);
    if (shape_.payload_at() == 8 && head.is(kCommitted) && head.is(kOutside)) {
        // Perhaps marked as taken by the dead consumer, which had not committed: it was never
        // taken. (A lease in the same state means nothing: the next consumer writes its own.)
        pool_.set(outside_unit(record), shm::BlockState::queued, 0);
        PROCESSION_STEP("log.repair_head.unmarked");
    }
    const Counted counted = counted_before(position);
    head_.bytes.store(counted.bytes, kOrdered);
    PROCESSION_STEP("log.repair_head.weighed");
    head_.count.store(counted.count, kOrdered);
    PROCESSION_STEP("log.repair_head.counted");
}

std::uint32_t RecordLog::outside_unit(std::byte* record) const {
    const std::uint64_t unit = word(record + shape_.payload_at()).load(kOwn);
    shm::require(unit < pool_.units_max(), "a record refers to a block outside the memory");
    return static_cast<std::uint32_t>(unit);
}

}  // namespace procession::queue
