// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/intent.h"

// A first-in-first-out log of records over linked chunks of a BlockPool: LogTail is where producers
// write, LogHead where consumers read.
//
// Guarantee: append() commits by exactly one store, as does advance(). After a death between any
// two stores, LogTail::repair() and LogHead::repair() make every count exact again: what was
// committed is counted, what was not never existed.
//
// Mechanism: see RecordHead. Position is the only truth of each side; counts are recomputed from
// the chunk's first count and the records before the position. The tail rolls forward over records
// whose producer died before it moved the tail.
//
// Invariants:
//   1. From the head, records chain by their lengths, through kNextChunk words, to one word that is
//      not committed; it is at the tail, or at most one record beyond it while a producer is there.
//   2. Heads of consumed records stay intact until their chunk is freed, and the tail's chunk is
//      never freed: the head follows a link only when the tail has.
//   3. Each passed chunk has at least one record.

namespace procession::inline v0::detail::queue {

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

}  // namespace procession::inline v0::detail::queue
