// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "death/script.h"

namespace procession::death {

/// What a process of a script does to the queue.
enum class Verb : std::uint8_t {
    put,                // `count` items from `number` on, one call each
    put_many,           // the same in one call
    put_loan,           // the same, made in place
    drop_loan,          // of `bytes`: changes nothing
    put_undecodable,    // one item that its consumer cannot decode
    put_beyond_memory,  // an item for which the memory limit leaves no room
    get,                // one item
    get_many,           // up to `count`
    borrow,             // one item, looked at in place and let go at once
    undeliver,          // one item, for which the process then has no memory
    finish,             // these four: the item in hand that `pick` says
    task_done,          // the queue's verb for the oldest
    give_back,
    reject,
    take_letters,
    look,  // asks for sizes: changes nothing
    look_at_participants,
    size,        // the answer is checked
    unfinished,  // the answer is checked
    join,
    notice,         // looks for the dead
    reclaim,        // a part of `notice`, never called: takes over from the dead actor `number`
    wait_a_little,  // get() with a deadline on an empty queue
    shut_down,
    shut_down_now,  // with what is left dropped
    close,
    drain,         // gets and finishes, as long as there is something
    expect_empty,  // fails when there is an item
    expect_item,   // fails when there is none
};

/// How long a call waits for what it needs.
enum class Patience : std::uint8_t {
    none,
    a_little,  // it may give up, which says nothing about the queue
    any,
};

inline constexpr int kOldest = 0;
inline constexpr int kNewest = -1;

/// One call on a queue, or several alike.
struct Act {
    Verb verb;
    int number = 0;
    int count = 1;
    std::size_t bytes = 20;  // of each item
    int pick = kOldest;      // of the items in hand, the oldest being 0; negative: from the newest
    std::size_t third = 0;   // put_many: bytes of each third item; 0: as the others
    Patience patience = Patience::none;
    bool only_after_an_item = false;  // left out when the last get() has returned none

    [[nodiscard]] std::size_t bytes_of(int i) const {
        return third != 0 && i % 3 == 2 ? third : bytes;
    }
};
using QueueScript = std::vector<Act>;

/// How a call on a queue ends.
enum class Ending : std::uint8_t { done, empty, full, shut_down, gave_up, undecodable };

inline Said ends(Ending ending, int value = 0) {
    return {value, Said::kCallEnds | static_cast<std::uint32_t>(ending)};
}
inline Said item_said(int number, std::uint32_t deliveries) { return {number, deliveries}; }

// For people.
[[nodiscard]] std::string text_of(const Act& act);
[[nodiscard]] std::string text_of(Said said);

/// An item as it came out: its number, and how often it had been handed out.
struct Delivery {
    int number = 0;
    std::uint32_t deliveries = 0;
    friend auto operator<=>(const Delivery&, const Delivery&) = default;
};

}  // namespace procession::death
