// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/log_tail.h"

#include "shm/memory_orders.h"

namespace procession::inline v0::detail::queue {

using shm::kOrdered;
using shm::kOwn;

void LogTail::begin(HeadState& head, std::uint32_t unit) {
    ChunkHeader& first = chunk(unit);
    first.first_count.store(0, kOrdered);
    first.first_bytes.store(0, kOrdered);
    first.passed.store(0, kOrdered);
    first.finished.store(0, kOrdered);
    const Position start{unit, kFirstRecord};
    PROCESSION_STEP("log.begin.described");
    word_at(at(start)).store(0, kOrdered);
    head.position.store(start.pack(), kOrdered);
    PROCESSION_STEP("log.begin.headed");
    tail_.position.store(start.pack(), kOrdered);
    PROCESSION_STEP("log.begin.placed");
    pool_.set(unit, shm::BlockState::chunk, 0);
    PROCESSION_STEP("log.begin.marked");
}

bool LogTail::needs_chunk(HoldsTail /*lock*/, std::uint32_t payload) const {
    const auto tail = Position::unpack(tail_.position.load(kOwn));
    return tail.offset + layout_.bytes(payload) + 8 > kChunkBytes;
}

void LogTail::link(HoldsTail lock, std::uint32_t unit) {
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
    word_at(at(start)).store(0, kOrdered);
    PROCESSION_STEP("log.link.prepared");
    // So that a repairer knows whether to keep or to free the chunk.
    tail_.intent.begin(TailIntent::link_chunk, unit, 0, {tail_.count.load(kOwn)});
    PROCESSION_STEP("log.link.begun");
    pool_.set(unit, shm::BlockState::chunk, 0);
    PROCESSION_STEP("log.link.marked");
    // release: a consumer that follows the link sees the chunk prepared
    word_at(at(tail)).store(RecordHead{unit, kCommitted | kNextChunk, 0, 0}.pack(), kOrdered);
    PROCESSION_STEP("log.link.linked");
    tail_.position.store(start.pack(), kOrdered);
    PROCESSION_STEP("log.link.moved");
    end_publish(lock);
}

void LogTail::append(HoldsTail /*lock*/, std::uint8_t format, std::span<const std::byte> payload,
                     std::uint64_t counted, bool outside) {
    const auto tail = Position::unpack(tail_.position.load(kOwn));
    std::byte* record = at(tail);
    const auto length = static_cast<std::uint32_t>(payload.size());
    shm::require(tail.offset + layout_.bytes(length) + 8 <= kChunkBytes,
                 "the tail's chunk is too short");
    const auto flags = static_cast<std::uint8_t>(kCommitted | (outside ? kOutside : 0));
    write(tail, record, {length, flags, format, 0}, payload, counted);
}

void LogTail::begin_publish(HoldsTail /*lock*/, std::uint32_t unit) {
    tail_.intent.begin(TailIntent::publish_block, unit, 0, {tail_.count.load(kOwn)});
    PROCESSION_STEP("log.publish.begun");
    pool_.set(unit, shm::BlockState::queued, 0);
    PROCESSION_STEP("log.publish.marked");
}

void LogTail::end_publish(HoldsTail /*lock*/) noexcept {
    tail_.intent.end();
    PROCESSION_STEP("log.publish.ended");
}

void LogTail::repair(HoldsTail /*lock*/, std::uint32_t dead) {
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
        // Recovery::reclaim() frees the blocks of the dead process.
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

void LogTail::audit(HoldsTail /*lock*/) const {
    const auto tail = Position::unpack(tail_.position.load(kOwn));
    RecordHead head;
    look_at(tail, head);
    shm::require(!head.is(kCommitted), "there are records behind the tail");
    const Counted counted = counted_before(tail);
    shm::require(counted.count == tail_.count.load(kOwn) && counted.bytes == tail_.bytes.load(kOwn),
                 "the producers' counts are not those of the log");
}

}  // namespace procession::inline v0::detail::queue
