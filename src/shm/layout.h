// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shm/intent.h"

namespace procession::inline v0::detail::shm {

// What a segment looks like, from its start:
//
//   0                 SegmentHeader            constant after creation, but for `poisoned`
//   kObjectOffset     the object's own state   (queue::State)
//   kRegistryOffset   ParticipantSlot[kParticipantsMax]
//   kDeathsOffset     the object's record of deaths (shm::DeathArea)
//   kTableOffset      unit table, 8 bytes for each unit of the data area
//   data_offset       the data area, in units of kUnitBytes
//
// All references inside are offsets or unit numbers: every process maps it at its own address.

inline constexpr std::uint64_t kMagic = 0x69737365636f7270;  // "processi", little endian
inline constexpr std::uint32_t kLayoutVersion = 7;

inline constexpr std::uint32_t kUnitBytes = 4096;
inline constexpr std::uint32_t kParticipantsMax = 1024;
inline constexpr std::uint64_t kObjectOffset = 1024;
inline constexpr std::uint64_t kRegistryOffset = 4096;

/// One process that uses the segment. Whether it lives is told by the byte lock at its own offset
/// (see os::ByteLock), never by a field.
struct alignas(64) ParticipantSlot {
    // Written only by the holder of the byte lock: the process itself, or the process that repairs
    // after it.
    std::atomic<std::uint32_t> state;  // ParticipantState
    std::atomic<std::uint32_t> pid;    // for people: as its own pid namespace numbers it
    std::atomic<std::uint64_t> joined_ns;
    std::atomic<std::uint64_t> id;  // SegmentHeader::joins: never used twice, unlike slot and pid
    // Written only by the process itself, or by the process that repairs after it. They belong to
    // the slot: its next owner continues to count.
    std::atomic<std::uint64_t> finished;  // items that it finished on its own
    Intent<1> finishing;                  // the item that it finishes; value 0 is `finished`
    // Another number for each owner of the slot: see ParticipantTable::owner_token.
    std::atomic<std::uint32_t> epoch;
    // The last such number whose owner was found dead, by any process; 0: none yet.
    std::atomic<std::uint32_t> dead_epoch;
};
static_assert(sizeof(ParticipantSlot) == 64);

enum ParticipantState : std::uint32_t { kFreeSlot = 0, kJoined = 1 };

inline constexpr std::uint64_t kDeathsOffset =
    kRegistryOffset + std::uint64_t{kParticipantsMax} * sizeof(ParticipantSlot);
inline constexpr std::uint64_t kDeathsBytes = std::uint64_t{10} * kUnitBytes;
inline constexpr std::uint64_t kTableOffset = kDeathsOffset + kDeathsBytes;
static_assert(kTableOffset % kUnitBytes == 0);

inline constexpr std::size_t kSignatureMax = 256;

struct SegmentHeader {
    // Constant after creation.
    std::uint64_t magic;
    std::uint32_t layout_version;
    std::uint32_t kind;
    std::uint64_t units_max;
    std::uint64_t data_offset;
    std::uint64_t total_bytes;
    std::uint64_t stamp_hash;
    std::uint32_t stamp_format;
    std::uint32_t signature_bytes;
    char signature[kSignatureMax];
    char name[64];
    // Shared: set once, by a process that meets what no correct participant writes; read by all.
    std::atomic<std::uint32_t> poisoned;
    // Participants ever seen are below this slot number; only grows.
    std::atomic<std::uint32_t> participants_end;
    // How often a process joined; only grows.
    std::atomic<std::uint64_t> joins;
};
static_assert(sizeof(SegmentHeader) <= kObjectOffset);
inline constexpr std::size_t kConstantBytes = offsetof(SegmentHeader, poisoned);

/// The last unit reference that fits the 32-bit unit numbers, with room for arithmetic.
inline constexpr std::uint64_t kUnitsLimit = std::uint64_t{1} << 30;

[[nodiscard]] constexpr std::uint64_t data_offset_for(std::uint64_t units) noexcept {
    const std::uint64_t table = units * sizeof(std::uint64_t);
    return kTableOffset + (table + kUnitBytes - 1) / kUnitBytes * kUnitBytes;
}

}  // namespace procession::inline v0::detail::shm
