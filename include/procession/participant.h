// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "procession/deadline.h"
#include "procession/export.h"

namespace procession::inline v0 {

/// A process that uses a queue. It becomes a participant with its first operation on the queue, and
/// is one until it closes the queue or ends.
struct Participant {
    std::uint64_t id = 0;    // the queue numbers its participants; unlike a pid, never reused
    int pid = 0;             // in its own pid namespace
    std::uint32_t slot = 0;  // its index in the shared memory, reused when it has left
    Deadline::Clock::time_point joined;
    bool is_this_process = false;
    bool is_alive = false;         // if not, it has died, and its death is not repaired yet
    std::uint64_t items_held = 0;  // taken from the queue, and not finished or given back
};

/// One line: "participant 7: pid 4711 (this process), holds 2 items".
[[nodiscard]] PROCESSION_EXPORT std::string to_string(const Participant& participant);
PROCESSION_EXPORT std::ostream& operator<<(std::ostream& out, const Participant& participant);

}  // namespace procession::inline v0
