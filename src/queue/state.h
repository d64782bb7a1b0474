// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "queue/intents.h"
#include "queue/record_log.h"
#include "queue/returned_list.h"
#include "shm/block_pool.h"
#include "shm/intent.h"
#include "shm/layout.h"

namespace procession::queue {

enum class Kind : std::uint32_t { plain = 1, joinable = 2 };

enum ShutdownState : std::uint32_t { kOpen = 0, kDraining = 1, kImmediate = 2 };

/// The shared state of one queue. Positions are offsets: no pointer is stored.
///
/// Three locks, always taken in the order tail or head, then memory; never tail and head together.
/// Each group of fields is written only under its own lock.
struct State {
    // Constant after creation.
    std::uint64_t maxsize;
    std::uint64_t max_bytes;
    std::uint32_t max_deliveries;
    std::uint32_t dead_letter_on_exception;
    // Changed at most twice, under the tail lock; read by all processes, so beside the constants.
    std::atomic<std::uint32_t> shutdown;  // ShutdownState

    // Producers.
    alignas(128) std::atomic<std::uint32_t> tail_lock;
    TailState tail;
    std::atomic<std::uint64_t> seen_taken;  // the head's count as a producer last read it

    // Consumers. From the end of `listing` to the first word of `returned`, all that the usual
    // get() looks at lies in one cache line.
    alignas(128) std::atomic<std::uint64_t> redelivered;
    std::uint64_t unused[5];
    shm::Intent<1> listing;  // ListIntent: open after a death; the list is rebuilt
    std::atomic<std::uint32_t> head_lock;
    HeadState head;
    ReturnedState returned;  // items given back; the leases are the truth of it

    // Memory and finished items.
    alignas(128) std::atomic<std::uint32_t> memory_lock;
    shm::Intent<4> memory_intent;  // MemoryIntent
    std::atomic<std::uint64_t> finished;
    std::atomic<std::uint64_t> dead_lettered;
    alignas(128) shm::PoolState pool;  // on lines of its own: all processes read its ends

    // Sleepers; each word is a shm::EventCount.
    alignas(128) std::atomic<std::uint32_t> not_empty;
    alignas(128) std::atomic<std::uint32_t> not_full;
    alignas(128) std::atomic<std::uint32_t> all_done;
};
static_assert(shm::kObjectOffset + sizeof(State) <= shm::kRegistryOffset,
              "the state of a queue fits before the registry");

/// What never changes in a State, as one process found it.
struct Constants {
    std::uint64_t maxsize = 0;
    std::uint64_t max_bytes = 0;
    std::uint32_t max_deliveries = 0;
    std::uint32_t dead_letter_on_exception = 0;
    friend bool operator==(const Constants&, const Constants&) = default;
};

/// The start of a dead letter's block; the reason and the payload follow.
struct DeadLetterHeader {
    std::uint64_t number;
    std::uint64_t payload_bytes;
    std::uint32_t reason_bytes;
    std::uint32_t deliveries;
    std::uint32_t format;
    std::uint32_t unused;
};

}  // namespace procession::queue
