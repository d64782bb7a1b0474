// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "kill_contestants.h"

namespace procession::bench {

/// What a contestant is put through.
struct KillStormPlan {
    std::uint64_t kills = 200;
    double seconds_max = 22;  // fewer kills, when that many take longer
    std::uint32_t seed = 1;
};

/// What it came to.
struct KillScore {
    std::uint64_t kills = 0;
    std::uint64_t committed = 0;    // put() had returned
    std::uint64_t all_stuck = 0;    // none of them progressed for a second; a fresh queue was made
    std::uint64_t some_stuck = 0;   // one made no progress for two seconds, while others did
    std::uint64_t first_stuck = 0;  // after so many kills; 0: never
    std::uint64_t lost = 0;  // committed, never delivered, and not in the hand of a killed consumer
    std::uint64_t stranded = 0;  // committed, and left behind in a queue that was stuck
    std::uint64_t in_hand = 0;   // gone with the consumer that was taking it
    std::uint64_t twice = 0;     // delivered again, though it had been finished
    std::uint64_t torn = 0;      // not as it was put, or never put
    std::uint64_t failed = 0;    // participants that ended by an error or a crash
    double seconds = 0;
};

/// Two producers and two consumers, one of which is killed by SIGKILL and started again, then the
/// next; now and then all at once. After each kill all four are given the time to make progress.
[[nodiscard]] KillScore run_kill_storm(const KillEntry& entry, const KillStormPlan& plan);

}  // namespace procession::bench
