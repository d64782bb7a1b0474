// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace procession::bench {

enum class Role { producer, consumer };

/// Which part a process plays, and the how manyth it is of those that play it.
struct Seat {
    Role role = Role::producer;
    std::size_t index = 0;
};

/// Which items a producer puts: `count` of them, numbered first, first + step, ...
struct Share {
    std::uint64_t first = 0;
    std::uint64_t step = 1;
    std::uint64_t count = 0;
};

/// A queue of items of one size between processes that were forked after it was made: ours or a
/// peer's. The contents of an item follow from its number, and a consumer returns their checksum
/// (item.h).
class Contestant {
  public:
    Contestant() = default;
    Contestant(const Contestant&) = delete;
    Contestant& operator=(const Contestant&) = delete;
    virtual ~Contestant() = default;

    [[nodiscard]] virtual std::string name() const = 0;
    /// In each process, before the measurement begins.
    virtual void prepare(const Seat& /*seat*/) {}
    /// In each process, after it.
    virtual void leave() {}
    virtual void put(std::uint64_t number) = 0;
    /// Takes one item. Returns its checksum.
    virtual std::uint64_t take() = 0;

    virtual void produce(const Share& share) {
        for (std::uint64_t i = 0; i < share.count; ++i) put(share.first + i * share.step);
    }
    /// Takes `count` items. Returns the sum of their checksums. A peer that deals the items out by
    /// itself takes another number, as long as all are taken when every consumer has returned.
    virtual std::uint64_t consume(std::uint64_t count) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < count; ++i) sum += take();
        return sum;
    }
};

}  // namespace procession::bench
