// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace procession::death {

inline void must(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

/// What an actor's call returned, in the words of the subject: an item or a number, or, with
/// kCallEnds, how the call ended.
struct Said {
    std::int32_t value = 0;
    std::uint32_t code = 0;
    static constexpr std::uint32_t kCallEnds = 1U << 31;

    [[nodiscard]] bool ends_a_call() const { return (code & kCallEnds) != 0; }
    friend bool operator==(const Said&, const Said&) = default;
};

/// How far an actor came: the calls that it has begun, and all that it was told.
struct Progress {
    unsigned begun = 0;
    std::vector<Said> said;
    friend bool operator==(const Progress&, const Progress&) = default;
};

/// What outlives an actor: its progress, written into shared memory. Each word is stored by one
/// instruction, in program order with the calls on the object. All zeros is the beginning.
struct Notes {
    static constexpr std::size_t kSaidMax = 512;

    std::atomic<unsigned> begun;
    std::atomic<unsigned> said_count;
    std::array<std::atomic<std::uint64_t>, kSaidMax> said;
    std::atomic<bool> completed;
    char error[256];  // what was thrown and should not have been

    template <class Act>
    void begin(const Act& /*act*/) {
        begun.fetch_add(1);
    }
    void say(Said what) {
        const unsigned at = said_count.load();
        said.at(at % kSaidMax).store(std::bit_cast<std::uint64_t>(what));
        said_count.store(at + 1);
    }
    void fail(const char* why) { std::strncpy(error, why, sizeof error - 1); }
    void clear() {
        begun.store(0);
        said_count.store(0);
        completed.store(false);
        error[0] = '\0';
    }
    [[nodiscard]] Progress progress() const {
        Progress progress;
        progress.begun = begun.load();
        const unsigned count = std::min<unsigned>(said_count.load(), kSaidMax);
        for (unsigned i = 0; i < count; ++i) {
            progress.said.push_back(std::bit_cast<Said>(said.at(i).load()));
        }
        return progress;
    }
};

/// A process that died before the victim came, unnoticed by all.
template <class Act>
struct Predecessor {
    std::vector<Act> script;
    const char* step;    // where it died
    int occurrence = 1;  // at the so many-th time that it came there
};

/// A shared object in some state, and what processes do with it then, of which one or more die.
template <class Subject>
struct Scenario {
    using Act = typename Subject::Act;
    using Script = std::vector<Act>;

    std::string name;
    typename Subject::Setup setup{};
    Script prepare{};  // by the survivor, which holds nothing afterwards
    Script before{};   // by the victim, where its death is out of the question
    Script act{};      // by the victim
    // What a second process does at the same time.
    Script other_before{};
    Script other{};
    std::vector<Predecessor<Act>> predecessors{};
    bool is_newcomer = false;     // the victim's first call in `act` makes it a participant
    bool crowded = false;         // but one slot is taken
    bool meets_a_holder = false;  // of a lock; the holder lets go while the victim polls
};

/// Survivors may look for deaths before they go on, or go on and meet the deaths on their way.
enum class Order : std::uint8_t { notice_then_drain, drain_then_notice };
inline constexpr Order kOrders[] = {Order::notice_then_drain, Order::drain_then_notice};
inline const char* name_of(Order order) {
    return order == Order::notice_then_drain ? "notice, then drain" : "drain, then notice";
}

}  // namespace procession::death
