// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/queue_stats.h"

#include <cstdint>
#include <ostream>
#include <string>

namespace procession::inline v0 {

std::string to_string(const QueueStats& stats) {
    std::string text = std::to_string(stats.queued) + " queued";
    if (stats.queued_bytes != 0) text += " (" + std::to_string(stats.queued_bytes) + " B)";
    const auto add = [&](std::uint64_t number, const char* what) {
        if (number != 0) text += ", " + std::to_string(number) + what;
    };
    add(stats.put, " put");
    add(stats.taken, " taken");
    add(stats.redelivered, " redelivered");
    add(stats.finished, " finished");
    add(stats.dead_lettered, " dead-lettered");
    add(stats.lost_in_hand, " lost in hand");
    add(stats.deaths, stats.deaths == 1 ? " death" : " deaths");
    add(stats.locks_repaired, stats.locks_repaired == 1 ? " lock repaired" : " locks repaired");
    add(stats.participants, stats.participants == 1 ? " participant" : " participants");
    add(stats.memory_bytes, " B used");
    add(stats.memory_reserved_bytes, " B allocated");
    return text;
}

std::ostream& operator<<(std::ostream& out, const QueueStats& stats) {
    return out << to_string(stats);
}

}  // namespace procession::inline v0
