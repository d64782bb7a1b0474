// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/log_head.h"

#include "shm/memory_orders.h"

namespace procession::inline v0::detail::queue {

using shm::kOrdered;
using shm::kOwn;

// The chunk may be in other use by now, and a payload be copied into it: a race, which ends in a
// wrong hint at worst. A caller that acts on the hint looks under the lock. ThreadSanitizer need
// not report it.
__attribute__((no_sanitize("thread"))) bool LogHead::shows_a_record() const noexcept {
    const auto position = Position::unpack(head_.position.load(std::memory_order_acquire));
    if (!is_inside(position)) return true;  // so that a caller looks under the lock, and reports it
    const auto* first =
        reinterpret_cast<const std::uint64_t*>(pool_.memory(position.chunk) + position.offset);
    // The builtin, not std::atomic: its member function would be instrumented.
    const RecordHead head = RecordHead::unpack(__atomic_load_n(first, __ATOMIC_ACQUIRE));
    return head.is(kCommitted) && !(head.is(kNextChunk) && tail_stands_in(position.chunk));
}

bool LogHead::tail_stands_in(std::uint32_t unit) const noexcept {
    // acquire: pairs with link(); read once a chunk
    return Position::unpack(tail_.position.load(std::memory_order_acquire)).chunk == unit;
}

void LogHead::leave_chunk(Position from, std::uint32_t next) {
    head_.leaving.begin(HeadIntent::leave_chunk, from.chunk,
                        chunk(from.chunk).first_count.load(kOwn), {});
    PROCESSION_STEP("log.leave.begun");
    head_.position.store(Position{next, kFirstRecord}.pack(), kOrdered);
    PROCESSION_STEP("log.leave.left");
}

std::uint32_t LogHead::took_inline_uncounted(HoldsHead /*lock*/) const {
    if (layout_.payload_at() != 8) return 0;  // what is under a lease is not lost
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

void LogHead::repair(HoldsHead /*lock*/) {
    const auto position = Position::unpack(head_.position.load(kOwn));
    RecordHead head;
    std::byte* record = look_at(position, head);
    if (layout_.payload_at() == 8 && head.is(kCommitted) && head.is(kOutside)) {
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

void LogHead::audit(HoldsHead /*lock*/) const {
    const Counted counted = counted_before(Position::unpack(head_.position.load(kOwn)));
    shm::require(counted.count == head_.count.load(kOwn) && counted.bytes == head_.bytes.load(kOwn),
                 "the consumers' counts are not those of the log");
}

}  // namespace procession::inline v0::detail::queue
