// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "crash/queue_model.h"

namespace procession::testing {

/// Somebody who died before the victim came, unnoticed by all.
struct Predecessor {
    Script script;
    const char* step;    // where it died
    int occurrence = 1;  // at the so many-th time that it came there
};

/// What the queue is like, and what a process does that shall die at each step of doing it.
struct Scenario {
    std::string name;
    bool joinable = true;
    Script prepare = {};  // by the survivor, who holds nothing afterwards
    Script act = {};      // by the victim
    std::vector<Predecessor> predecessors = {};
    int filler = 0;  // bytes put and taken first: the log stands near the end of its chunk
    std::size_t maxsize = 0;
    std::uint32_t max_deliveries = 16;
    std::uint64_t memory_limit = std::uint64_t{4} << 20;
    bool crowded = false;         // but one slot is taken
    bool meets_a_holder = false;  // of the tail lock, who lets go while the victim polls
};

[[nodiscard]] std::span<const Scenario> scenarios();

}  // namespace procession::testing
