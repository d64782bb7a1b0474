// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "procession/queue_options.h"
#include "queue/dead_letters.h"
#include "queue/lease_table.h"
#include "queue/log_head.h"
#include "queue/log_tail.h"
#include "queue/records.h"
#include "queue/room.h"
#include "queue/state.h"
#include "shm/block_pool.h"
#include "shm/event_count.h"
#include "shm/segment.h"
#include "shm/segment_backing.h"

namespace procession::inline v0::detail::queue {

/// What lies in the segment of a queue: the parts of its protocol that know no process.
struct QueueMemory {
    explicit QueueMemory(shm::Segment& segment)
        : state(*reinterpret_cast<State*>(segment.object())),
          joinable(static_cast<QueueKind>(segment.header().kind) == QueueKind::joinable),
          backing(segment),
          pool(state.pool, segment.table(), segment.data(), segment.units_max(), &backing),
          records(pool, RecordLayout(joinable)),
          tail(state.tail, pool, RecordLayout(joinable)),
          head(state.head, state.tail, pool, RecordLayout(joinable)),
          leases(state, segment, records, pool, letters, joinable) {}
    ~QueueMemory() = default;
    QueueMemory(const QueueMemory&) = delete;
    QueueMemory& operator=(const QueueMemory&) = delete;

    [[nodiscard]] bool is_shut_down() const noexcept {
        return state.shutdown.load(std::memory_order_acquire) != kOpen;
    }
    /// After an immediate shutdown nothing is delivered any more.
    [[nodiscard]] bool drops_items() const noexcept {
        return state.shutdown.load(std::memory_order_acquire) == kImmediate;
    }
    /// Whether there is an item to take. A hint.
    [[nodiscard]] bool has_item_hint() const noexcept {
        return head.shows_a_record() || leases.has_returned_hint();
    }

    State& state;
    const bool joinable;
    Limits limits = Limits::of(state);
    shm::SegmentBacking backing;
    shm::BlockPool pool;
    Records records;
    LogTail tail;
    LogHead head;
    DeadLetters letters{pool};
    LeaseTable leases;
    RoomCounter room{state, limits};
    shm::EventCount not_empty{state.not_empty};
    shm::EventCount not_full{state.not_full};
    shm::EventCount all_done{state.all_done};
};

}  // namespace procession::inline v0::detail::queue
