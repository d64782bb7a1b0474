// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

namespace procession::instruction {

/// An item: its payload is derived from the number, and checked when it comes out.
struct Thing {
    int number = 0;
    std::size_t bytes = 0;
    friend bool operator==(const Thing&, const Thing&) = default;
};

enum class Verb : unsigned char {
    put,
    put_many,
    put_in_vain,  // into a full queue
    get,
    get_many,
    get_in_vain,  // from an empty one
    finish,
    task_done,
    give_back,
    reject,
    shut_down,
    shut_down_now,
    close,
    notice_deaths,
    join,
};

/// One call on a queue.
struct Step {
    Verb verb;
    std::vector<Thing> things{};  // put
    std::size_t pick = 0;         // which of the items in hand, the oldest being 0
    std::size_t count = 1;        // get_many: how many; close: how many are in hand
    std::vector<int> holders{};   // notice_deaths: the dead, once for each item in their hands
};

// Scripts read like the calls they stand for.
inline Step put(int number, std::size_t bytes) { return {Verb::put, {{number, bytes}}}; }
inline Step put_many(std::vector<Thing> things) { return {Verb::put_many, std::move(things)}; }
inline Step put_in_vain(int number, std::size_t bytes) {
    return {Verb::put_in_vain, {{number, bytes}}};
}
inline Step get() { return {Verb::get, {}}; }
inline Step get_many(std::size_t count) { return {Verb::get_many, {}, 0, count}; }
inline Step get_in_vain() { return {Verb::get_in_vain, {}}; }
inline Step finish(std::size_t pick = 0) { return {Verb::finish, {}, pick}; }
inline Step task_done() { return {Verb::task_done, {}}; }
inline Step give_back(std::size_t pick = 0) { return {Verb::give_back, {}, pick}; }
inline Step reject(std::size_t pick = 0) { return {Verb::reject, {}, pick}; }
inline Step shut_down() { return {Verb::shut_down, {}}; }
inline Step shut_down_now() { return {Verb::shut_down_now, {}}; }
inline Step close(std::size_t in_hand = 0) { return {Verb::close, {}, 0, in_hand}; }
inline Step notice_deaths(std::vector<int> holders) {
    return {Verb::notice_deaths, {}, 0, 1, std::move(holders)};
}

inline Step join() { return {Verb::join, {}}; }

/// What one process does: first undisturbed, then observed instruction by instruction.
struct Script {
    std::vector<Step> before{};
    std::vector<Step> observed{};
    bool is_newcomer = false;  // its first observed call makes it a participant
};

/// A change of a queue that must happen as a whole or not at all.
struct Change {
    enum class Kind : unsigned char {
        put,
        get,
        finish,
        give_back,
        reject,
        shut_down,
        shut_down_now
    };
    static constexpr std::size_t kFirstPut = ~std::size_t{0};

    Kind kind;
    int holder = 0;  // whose hand gets or loses the item
    Thing thing{};
    std::size_t pick = 0;
    bool is_in_run = false;  // may happen together with its neighbours
};

[[nodiscard]] const char* name_of(Change::Kind kind);

/// The changes that a call consists of, in order.
[[nodiscard]] std::vector<Change> changes_of(const Step& step, int actor);
[[nodiscard]] std::vector<Change> changes_of(const std::vector<Step>& steps, int actor);

}  // namespace procession::instruction
