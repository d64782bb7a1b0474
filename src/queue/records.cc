// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/records.h"

#include "shm/memory_orders.h"

namespace procession::inline v0::detail::queue {

using shm::kOwn;

ChunkHeader& Records::chunk(std::uint32_t unit) const {
    return *reinterpret_cast<ChunkHeader*>(at({unit, kFirstRecord}) - kFirstRecord);
}

std::uint64_t Records::counted_bytes(std::byte* record, RecordHead head) const {
    if (!head.is(kOutside)) return head.length;
    return word_at(record + layout_.payload_at() + 8).load(std::memory_order_relaxed);
}

Records::Counted Records::counted_before(Position position) const {
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

// As in LogHead::shows_a_record(): the chunk may be in other use, and the answer means something
// only while it is not.
__attribute__((no_sanitize("thread"))) std::uint64_t Records::peek_lease(
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

std::uint32_t Records::count_finished(std::uint32_t unit) const {
    std::uint32_t finished = 0;
    each_record(unit, 0, [&](Position, RecordHead, std::byte* record) {
        // seq_cst: pairs with the exchange that finished it. In LeaseTable::retire() this load
        // stands behind the exchange of `passed`, and in LeaseTable::try_finish_fast() the load of
        // `passed` behind the exchange of the lease: one of the two sees the other's store.
        const LeaseWord lease =
            LeaseWord::unpack(lease_word(record).load(std::memory_order_seq_cst));
        if (lease.state == LeaseState::finished) ++finished;
    });
    return finished;
}

std::atomic<std::uint64_t>& Records::lease_at(Position position) const {
    return word_at(at({position.chunk, position.offset + 8}));
}

std::uint32_t Records::outside_unit(std::byte* record) const {
    const std::uint64_t unit = word_at(record + layout_.payload_at()).load(kOwn);
    shm::require(unit < pool_.units_max(), "a record refers to a block outside the memory");
    return static_cast<std::uint32_t>(unit);
}

Payload Records::payload_of(std::byte* record, RecordHead head) const {
    std::byte* inside = record + layout_.payload_at();
    if (!head.is(kOutside)) return {{inside, head.length}, shm::BlockPool::kNone};
    const std::uint32_t unit = outside_unit(record);
    const std::uint64_t length = word_at(inside + 8).load(std::memory_order_relaxed);
    const shm::Block block = pool_.block(unit);
    shm::require(block.state == shm::BlockState::queued || block.state == shm::BlockState::held,
                 "a record refers to a block that holds no payload");
    shm::require(length <= std::uint64_t{block.units} * shm::kUnitBytes,
                 "a payload is longer than its block");
    return {{pool_.memory(unit), length}, unit};
}

}  // namespace procession::inline v0::detail::queue
