// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "queue/intents.h"
#include "queue/locks.h"
#include "queue/log_state.h"
#include "queue/returned_list.h"
#include "shm/block_pool.h"
#include "shm/intent.h"
#include "shm/layout.h"

namespace procession::inline v0::detail::queue {

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
    alignas(128) shm::LockWord<TailLock> tail_lock;
    TailState tail;
    std::atomic<std::uint64_t> seen_taken;  // the head's count as a producer last read it

    // Consumers. From the end of `listing` to the first word of `returned`, all that the usual
    // get() looks at lies in one cache line.
    alignas(128) std::atomic<std::uint64_t> redelivered;
    std::uint64_t unused[5];
    shm::Intent<1> listing;  // ListIntent: open after a death; the list is rebuilt
    shm::LockWord<HeadLock> head_lock;
    HeadState head;
    ReturnedState returned;  // items given back; the leases are the truth of it
    // The item that is taken over from a dead participant just now.
    shm::Intent<4> reclaiming;  // ReclaimIntent

    // Memory and finished items.
    alignas(128) shm::LockWord<MemoryLock> memory_lock;
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

/// What never changes in a State, as one process found it when it attached.
struct Limits {
    std::uint64_t maxsize = 0;
    std::uint64_t max_bytes = 0;
    std::uint32_t max_deliveries = 0;
    std::uint32_t dead_letter_on_exception = 0;

    [[nodiscard]] static Limits of(const State& state) noexcept {
        return {state.maxsize, state.max_bytes, state.max_deliveries,
                state.dead_letter_on_exception};
    }
    friend bool operator==(const Limits&, const Limits&) = default;
};

/// The tallies of a dead participant, see shm::DeathLog.
enum Tally : std::uint32_t {
    kRedelivered = 0,
    kDeadLettered = 1,
    kDropped = 2,
    kLostAtHead = 3,    // a plain queue's items: taken and not yet counted
    kLostInBlocks = 4,  // and large ones that were being copied
};

/// The numbers of the locks, in the order of their repair.
enum LockNumber : std::uint32_t { kMemoryLock = 0, kTailLock = 1, kHeadLock = 2, kLocks = 3 };

}  // namespace procession::inline v0::detail::queue
