// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// The kinds of the intents of a queue. What each of them says is in ARCHITECTURE.md, "Intents".

namespace procession::inline v0::detail::queue {

/// Head lock, State::listing.
enum class ListIntent : std::uint8_t { push = 1, pop = 2 };

/// Head lock, State::reclaiming.
enum class ReclaimIntent : std::uint8_t { keep = 1, drop = 2 };
/// Its values: the dead participant's slot, and its tallies before.
enum ReclaimValue : std::uint8_t {
    kReclaimedFrom = 0,
    kTallyBefore = 1,  // + queue::Tally, of kRedelivered to kDropped
};

/// Memory lock, State::memory_intent.
enum class MemoryIntent : std::uint8_t { finish = 1, dead_letter = 2, lost_bytes = 3 };
/// Its values: counts of before, and the dead letter's block.
enum MemoryValue : std::uint8_t {
    kFinishedBefore = 0,
    kDeadLetteredBefore = 1,
    kChunkFinishedBefore = 2,
    kLetterBlock = 3,
};

/// No lock, shm::ParticipantSlot::finishing: written by its process alone.
enum class FinishIntent : std::uint8_t { finish = 1 };

}  // namespace procession::inline v0::detail::queue
