// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/death.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ostream>
#include <string>

namespace procession::inline v0 {

std::string to_string(const Death& death) {
    std::string text = "death " + std::to_string(death.number) + ": pid " +
                       std::to_string(death.pid) + " held " + std::to_string(death.items_held) +
                       (death.items_held == 1 ? " item" : " items");
    const char* separator = ": ";
    const auto add = [&](std::uint32_t number, const char* what) {
        if (number == 0) return;
        text += separator;
        text += std::to_string(number) + what;
        separator = ", ";
    };
    add(death.redelivered, " redelivered");
    add(death.dead_lettered, " dead-lettered");
    add(death.dropped, " dropped");
    add(death.lost_in_hand, " lost in hand");
    const auto add_lock = [&](bool held, const char* which) {
        if (held) text += std::string("; held the ") + which + " lock";
    };
    add_lock(death.held_producer_lock, "producers'");
    add_lock(death.held_consumer_lock, "consumers'");
    add_lock(death.held_memory_lock, "memory");
    using Milliseconds = std::chrono::duration<double, std::milli>;
    char repaired[80];
    std::snprintf(repaired, sizeof repaired, "; repaired by pid %d after %.3f ms",
                  death.repaired_by, Milliseconds(death.repaired - death.noticed).count());
    return text + repaired;
}

std::ostream& operator<<(std::ostream& out, const Death& death) { return out << to_string(death); }

}  // namespace procession::inline v0
