// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "queue/locks.h"
#include "queue/records.h"

namespace procession::inline v0::detail::queue {

/// Records one behind the other through their link words, the oldest first.
struct ReturnedRun {
    std::atomic<std::uint64_t> first;
    std::atomic<std::uint64_t> last;
};

/// The shared part of a ReturnedList. Written only under the head lock.
struct ReturnedState {
    static constexpr std::uint32_t kRuns = 40;  // more items than 2^39 do not fit any segment

    std::atomic<std::uint64_t> first;  // position of the oldest item, or 0; read by all processes
    std::atomic<std::uint64_t> count;
    std::atomic<std::uint64_t> used;  // bit n: runs[n] has items
    ReturnedRun runs[kRuns];
};

/// The items of a joinable queue that wait again, in the order in which they were put.
///
/// Guarantee: adding n items in any order takes O(n log n) steps, in ascending or descending order
/// O(n); taking the oldest takes O(log n).
///
/// Mechanism: sorted runs, of which the one with number n has at most 2^n items. An added item is a
/// run of one; as long as there is a run of its number, both are merged into one of the next
/// number. Runs of which one ends before the other begins are merged by one store.
///
/// All of it is soft: the leases are the truth. A process that changes the list begins
/// an intent (State::listing); after a death in between, rebuild() makes the list again from the
/// leases.
///
/// Nothing that it reads is believed: each position is checked by the log, and the order of the
/// items, which must ascend, ends each loop. Throws Corrupt.
class ReturnedList {
  public:
    ReturnedList(ReturnedState& state, const Records& records) : state_(state), records_(records) {}

    /// Does not count it.
    void add(HoldsHead lock, Position at);
    /// The oldest is at `at`. Does not count.
    void remove_first(HoldsHead lock, Position at);
    /// Makes the list of these items, oldest first, and counts them.
    void rebuild(HoldsHead lock, const std::vector<Position>& items);
    /// Throws Corrupt unless the list is sound.
    void audit(HoldsHead lock) const;
    /// Grows with the order of the puts.
    [[nodiscard]] std::uint64_t sequence_of(Position at) const {
        return records_.chunk(at.chunk).first_count.load() * kChunkBytes + at.offset;
    }

  private:
    struct Run {
        Position first;
        Position last;
    };
    class Walk;
    [[nodiscard]] std::atomic<std::uint64_t>& link_of(Position at) const;
    [[nodiscard]] Run merge(const Run& one, const Run& other) const;
    [[nodiscard]] Run join(const Run& front, const Run& back) const;
    [[nodiscard]] bool uses(std::uint32_t number) const {
        return (state_.used.load() >> number & 1) != 0;
    }
    [[nodiscard]] Run run(std::uint32_t number) const;
    void store(std::uint32_t number, const Run& run);
    void clear(std::uint32_t number);

    ReturnedState& state_;
    const Records& records_;
};

}  // namespace procession::inline v0::detail::queue
