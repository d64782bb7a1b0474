// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "instruction/recovered.h"
#include "instruction/script.h"

namespace procession::instruction {

/// What a queue is as its documentation has it: no memory, no locks, every change at once.
class Model {
  public:
    struct Limits {
        bool joinable = true;
        std::size_t maxsize = 0;
        std::uint32_t max_deliveries = 16;
        friend bool operator==(const Limits&, const Limits&) = default;
    };
    explicit Model(const Limits& limits) : limits_(limits) {}

    /// Returns false, and is not to be used any more, when the change is impossible here.
    [[nodiscard]] bool apply(const Change& change);
    /// How many items are in this hand.
    [[nodiscard]] std::size_t in_hand(int holder) const;
    /// The numbers that this actor has got, in order; fillers are not kept.
    [[nodiscard]] std::vector<int> got_by(int holder) const;

    /// What survivors find when every participant dies now.
    [[nodiscard]] Recovered after_all_died(Order order) const;

    friend bool operator==(const Model&, const Model&) = default;

  private:
    struct Item {
        Thing thing;
        std::uint64_t sequence = 0;
        std::uint32_t deliveries = 0;
        friend bool operator==(const Item&, const Item&) = default;
    };
    struct Held {
        Item item;
        int holder = 0;
        friend bool operator==(const Held&, const Held&) = default;
    };

    void put(const Thing& thing);
    bool get(int holder);
    /// The item leaves the hand; false when there is none.
    bool release(const Change& change, Item& item);
    void return_or_bury(const Item& item);
    void finish() { ++finished_; }
    void to_dead_letters(const Item& item);
    void die();
    std::vector<Delivery> drain();

    Limits limits_;
    std::vector<Item> log_;
    std::vector<Item> returned_;  // in the order in which they were put
    std::vector<Held> held_;      // in the order in which they were taken
    std::vector<Delivery> letters_;
    std::vector<std::pair<int, int>> got_;
    std::uint64_t put_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t redelivered_ = 0;
    std::uint64_t finished_ = 0;
    Shut shut_ = Shut::no;
};

}  // namespace procession::instruction
