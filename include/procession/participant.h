// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "procession/deadline.h"

namespace procession {

/// A process that uses a queue. It becomes one with its first operation on the queue, and ceases to
/// be one by closing it or by ending.
struct Participant {
    std::uint64_t id = 0;  // counts the participants of this queue: never used twice, unlike a pid
    int pid = 0;           // as its own pid namespace numbers it
    std::uint32_t slot = 0;  // its place in the shared memory, used again after it
    Deadline::Clock::time_point joined;
    bool is_this_process = false;
    bool is_alive = false;         // if not: it has died, and no process has taken over from it yet
    std::uint64_t items_held = 0;  // taken from the queue, and not finished or given back
};

}  // namespace procession
