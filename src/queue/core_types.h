// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "procession/deadline.h"
#include "queue/record.h"
#include "queue/record_log.h"
#include "shm/block_pool.h"

// What the parts of a Core hand each other.

namespace procession::queue {

/// Memory for an item that this process writes to, until it is published or given back.
struct Loaned {
    std::span<std::byte> bytes;
    std::uint32_t unit = 0;
    std::uint32_t generation = 0;
};

/// The participant that acts here, and how long it may wait for the inner locks beyond its own
/// deadline: their holders are at work for nanoseconds, unless they were preempted or stopped.
struct Actor {
    std::uint32_t slot = 0;
    Deadline until = Deadline::never();
    std::chrono::milliseconds patience{1000};
};

/// Items that wait, at one instant.
struct Waiting {
    std::uint64_t in_log = 0;
    std::uint64_t returned = 0;
};

// Why operations must not simply go on: bits of `gate_`.
enum : std::uint32_t {
    kClosed = 1,            // by close(): this process has let go
    kEnding = 2,            // besides, the process ends: its threads wait for that
    kShutdownAsked = 4,     // by a signal handler: the operation that it interrupted does it
    kShutdownNowAsked = 8,  // the same with immediate = true
    kCutShort = 16,         // an operation was: the process leaves as if it had died
};

/// How much there is room for.
struct Room {
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;
};

/// An item that was taken and is not copied yet.
struct Claim {
    Position at;
    RecordHead head;
    std::byte* record = nullptr;
    std::uint32_t deliveries = 0;
    // Where it lies: a plain queue's record belongs to no process any more, its chunk may be in
    // other use.
    std::span<const std::byte> payload;
    std::uint32_t unit = shm::BlockPool::kNone;  // its block, if that is to be freed
    bool in_place = false;      // asked for: no memory is needed for what lies in a block
    bool may_wait = false;      // so it may leave a redelivered item to another one
    bool only_fresh = false;    // asked for: no returned item
    bool is_held_back = false;  // there is one, and it is to be taken alone
};

/// What one critical section of get_many() has come to.
enum class Section : std::uint8_t { took, empty, other, returned, late, shut_down };

/// Of items that are taken over.
enum class Holder : std::uint8_t { dead, leaving };

}  // namespace procession::queue
