// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "death/queue/act.h"

namespace procession::death {

enum class Shut : std::uint8_t { no, draining, at_once };

/// What survivors find in a queue after deaths, down to the last count; and what they must find.
struct Finding {
    Shut shut = Shut::no;
    // Before anything is taken; in the order drain_then_notice also before any process looked.
    std::uint64_t waiting = 0;
    std::uint64_t waiting_bytes = 0;
    bool is_full = false;
    std::vector<Delivery> first;   // in the order in which they came
    std::vector<Delivery> second;  // after all deaths were noticed
    std::uint64_t unfinished = 0;  // right after they were
    std::vector<Delivery> letters;
    std::uint64_t put = 0;
    std::uint64_t taken = 0;
    std::uint64_t redelivered = 0;
    std::uint64_t finished = 0;
    std::uint64_t dead_lettered = 0;
    std::uint64_t lost_in_hand = 0;  // what must be found: at least
    std::uint64_t lost_at_most = 0;
    std::uint64_t deaths = 0;
    std::optional<std::string> problem;  // anything that is wrong whatever should have been found
};

/// All of it in words; of two that differ, different ones.
[[nodiscard]] std::string text_of(const Finding& found);
/// Empty when a recovery has found what it must; otherwise the first difference, in words.
[[nodiscard]] std::string difference(const Finding& wanted, const Finding& found);

}  // namespace procession::death
