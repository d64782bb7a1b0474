// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/step.h"
#include "queue/locks.h"
#include "queue/state.h"
#include "shm/corrupt.h"

namespace procession::inline v0::detail::queue {

/// How many items and bytes more a queue may have.
struct Room {
    std::uint64_t items = UINT64_MAX;
    std::uint64_t bytes = UINT64_MAX;

    [[nodiscard]] bool has(std::uint64_t item_count, std::uint64_t byte_count) const noexcept {
        return item_count <= items && byte_count <= bytes;
    }
};

/// Whether there is room in a queue, by its limits and counts.
///
/// Counts that no correct participant writes (more taken than put) make no room under the lock,
/// where require_full() finds them, and seem to make room without it, so that a caller comes to
/// the lock. What a producer last saw of the consumers' count is not believed if it is impossible:
/// then the count itself is read.
class RoomCounter {
  public:
    RoomCounter(State& state, const Limits& limits) : state_(state), limits_(limits) {}

    /// Exact, but for what consumers take meanwhile. When less than `items` seem free, the
    /// consumers' count is read; otherwise that costs them no cache line.
    [[nodiscard]] Room left(HoldsTail /*lock*/, std::uint64_t items) noexcept {
        Room room;
        // relaxed: written under the tail lock, which is held
        constexpr auto own = std::memory_order_relaxed;
        if (limits_.maxsize != 0) {
            const std::uint64_t put = state_.tail.count.load(own);
            std::uint64_t taken = state_.seen_taken.load(own);
            if (taken > put || put - taken + items > limits_.maxsize) {
                taken = state_.head.count.load(std::memory_order_acquire);  // pairs with advance()
                if (taken > put) return {0, 0};
                PROCESSION_STEP("put.room_looked");
                state_.seen_taken.store(taken, own);
                PROCESSION_STEP("put.room_seen");
            }
            room.items = difference(limits_.maxsize, put - taken);
        }
        if (limits_.max_bytes != 0) {
            const std::uint64_t in = state_.tail.bytes.load(own);
            const std::uint64_t out = state_.head.bytes.load(std::memory_order_acquire);
            room.bytes = out <= in ? difference(limits_.max_bytes, in - out) : 0;
            if (out > in) room.items = 0;
        }
        return room;
    }

    /// Without a lock: for waiters.
    [[nodiscard]] Room hint() const noexcept {
        Room room;
        const std::uint64_t taken = state_.head.count.load(std::memory_order_acquire);
        const std::uint64_t put = state_.tail.count.load(std::memory_order_acquire);
        if (limits_.maxsize != 0 && put > taken) {
            room.items = difference(limits_.maxsize, put - taken);
        }
        if (limits_.max_bytes != 0) {
            const std::uint64_t out = state_.head.bytes.load(std::memory_order_acquire);
            const std::uint64_t in = state_.tail.bytes.load(std::memory_order_acquire);
            if (in > out) room.bytes = difference(limits_.max_bytes, in - out);
        }
        return room;
    }

    /// When left() said that there is no room. Finds corrupt counts: they could make the queue full
    /// for left(), and not for hint(), for ever.
    void require_full(HoldsTail /*lock*/) const {
        shm::require(state_.head.count.load() <= state_.tail.count.load(),
                     "more items were taken than put");
        shm::require(state_.head.bytes.load() <= state_.tail.bytes.load(),
                     "more bytes were taken than put");
    }

  private:
    [[nodiscard]] static constexpr std::uint64_t difference(std::uint64_t most,
                                                            std::uint64_t used) noexcept {
        return used < most ? most - used : 0;
    }

    State& state_;
    const Limits& limits_;
};

}  // namespace procession::inline v0::detail::queue
