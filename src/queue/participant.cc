// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/participant.h"

#include <ostream>
#include <string>

namespace procession::inline v0 {

std::string to_string(const Participant& participant) {
    std::string text = "participant " + std::to_string(participant.id) + ": pid " +
                       std::to_string(participant.pid);
    if (participant.is_this_process) text += " (this process)";
    if (!participant.is_alive) text += " (dead, not repaired yet)";
    if (participant.items_held != 0) {
        text += ", holds " + std::to_string(participant.items_held) +
                (participant.items_held == 1 ? " item" : " items");
    }
    return text;
}

std::ostream& operator<<(std::ostream& out, const Participant& participant) {
    return out << to_string(participant);
}

}  // namespace procession::inline v0
