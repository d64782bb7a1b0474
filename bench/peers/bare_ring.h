// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "os/futex.h"

namespace procession::bench {

using namespace detail;

/// One side of a BareRing, which one process writes, in memory of both processes.
struct alignas(64) BareRingSide {
    std::atomic<std::uint64_t> position;
};

/// A ring for one producer and one consumer without any lock, which polls: what the hardware can
/// do. It is not safe against anything: a side that dies leaves the other one polling for ever,
/// and an idle consumer uses its cpu. After some polls it lets others run, as both may be on one
/// cpu.
template <class T>
class BareRing {
  public:
    /// Both lie in memory of both processes, zeroed, which stays as long as this object. The number
    /// of slots is a power of two.
    BareRing(std::span<BareRingSide, 2> sides, std::span<T> slots) : sides_(sides), slots_(slots) {
        if (!std::has_single_bit(slots.size())) throw std::invalid_argument("BareRing: slots");
    }

    void put(const T& item) {
        const std::uint64_t tail = producer().position.load(std::memory_order_relaxed);  // own
        if (tail - others_position_ >= slots_.size()) {
            wait_until(consumer(), [&](std::uint64_t head) { return tail - head < slots_.size(); });
        }
        slots_[tail & (slots_.size() - 1)] = item;
        // Pairs with the consumer's acquire: the item is there.
        producer().position.store(tail + 1, std::memory_order_release);
    }
    void take(T& item) {
        const std::uint64_t head = consumer().position.load(std::memory_order_relaxed);  // own
        if (others_position_ <= head) {
            wait_until(producer(), [&](std::uint64_t tail) { return tail > head; });
        }
        item = slots_[head & (slots_.size() - 1)];
        // Pairs with the producer's acquire: the slot has been read.
        consumer().position.store(head + 1, std::memory_order_release);
    }

  private:
    using Side = BareRingSide;
    static constexpr int kPolls = 100;

    [[nodiscard]] Side& producer() const { return sides_[0]; }
    [[nodiscard]] Side& consumer() const { return sides_[1]; }

    template <class Enough>
    void wait_until(const Side& other, Enough enough) {
        for (int polls = 0;; ++polls) {
            others_position_ = other.position.load(std::memory_order_acquire);
            if (enough(others_position_)) return;
            polls < kPolls ? os::pause() : os::yield();
        }
    }

    std::span<Side, 2> sides_;
    std::span<T> slots_;
    // Each process has its own copy of this: the last one seen, so that the other side's line is
    // read only when it seems full or empty.
    std::uint64_t others_position_ = 0;
};

}  // namespace procession::bench
