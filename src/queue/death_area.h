// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/intent.h"
#include "shm/layout.h"

namespace procession::queue {

/// What was found out about a dead participant before its death is recorded. By slot; written only
/// by the holder of the claim on it, and cleared by the slot's next owner.
struct Fate {
    std::atomic<std::uint32_t> flags;          // FateFlag
    std::atomic<std::uint32_t> redelivered;    // head lock
    std::atomic<std::uint32_t> dead_lettered;  // head lock
    std::atomic<std::uint32_t> dropped;        // head lock
    std::atomic<std::uint32_t> lost_at_head;
    std::atomic<std::uint32_t> lost_in_blocks;
    std::atomic<std::uint64_t> noticed_ns;
};
static_assert(sizeof(Fate) == 32);

enum FateFlag : std::uint32_t {
    // The locks that it held when it died.
    kHeldTail = 1,
    kHeldHead = 2,
    kHeldMemory = 4,
    kLocksKnown = 8,      // from then on a lock that is held in its slot's name is its repairer's
    kHeadCounted = 16,    // lost_at_head is final
    kBlocksCounted = 32,  // lost_in_blocks is final
    kRecorded = 64,       // there is a DeathRecord
};
inline constexpr std::uint32_t kHeldLocks = kHeldTail | kHeldHead | kHeldMemory;

/// A death. Valid while its number is the expected one before and after it was read.
struct DeathRecord {
    std::atomic<std::uint64_t> number;
    std::atomic<std::uint64_t> id;
    std::atomic<std::uint64_t> joined_ns;
    std::atomic<std::uint64_t> noticed_ns;
    std::atomic<std::uint64_t> repaired_ns;
    // Over all deaths up to this one.
    std::atomic<std::uint64_t> lost_in_all;
    std::atomic<std::uint64_t> locks_in_all;
    std::atomic<std::uint32_t> pid;
    std::atomic<std::uint32_t> slot;
    std::atomic<std::uint32_t> repairer_pid;
    std::atomic<std::uint32_t> locks;  // of FateFlag: kHeldLocks
    std::atomic<std::uint32_t> redelivered;
    std::atomic<std::uint32_t> dead_lettered;
    std::atomic<std::uint32_t> dropped;
    std::atomic<std::uint32_t> lost_in_hand;
};
static_assert(sizeof(DeathRecord) == 88);

inline constexpr std::uint32_t kDeathsKept = 64;

/// The record of deaths of one queue. All but the fates is written under the head lock.
struct DeathArea {
    // The number of the last death. Its store commits a record, which is complete by then.
    alignas(128) std::atomic<std::uint64_t> deaths;
    std::atomic<std::uint32_t> bell;  // a shm::EventCount
    // The item that a repairer takes over from a dead participant just now.
    shm::Intent<4> reclaiming;                      // ReclaimIntent
    alignas(128) DeathRecord records[kDeathsKept];  // number n lies in (n - 1) % kDeathsKept
    Fate fates[shm::kParticipantsMax];
};
static_assert(sizeof(DeathArea) <= shm::kDeathsBytes, "the record of deaths fits its place");

}  // namespace procession::queue
