// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "procession/deadline.h"
#include "procession/export.h"

namespace procession::inline v0 {

/// A process that died while it used a queue, and what happened to the items that it had taken. The
/// record is written when the queue has been repaired completely.
///
/// A process that ends by a signal, _exit() or exec() without having closed the queue has died. A
/// return from main and, normally, exit() close the queue: they are no deaths.
struct Death {
    std::uint64_t number = 0;  // the queue's first death is 1; the last is QueueStats::deaths
    // Which process it was, as in Participant.
    std::uint64_t id = 0;
    int pid = 0;
    std::uint32_t slot = 0;
    // On the monotonic clock. The time of the death itself is not known: `noticed` is when another
    // process first noticed it.
    Deadline::Clock::time_point joined;
    Deadline::Clock::time_point noticed;
    Deadline::Clock::time_point repaired;
    int repaired_by = 0;  // the pid of the repairing process, in its own pid namespace

    // The items of a JoinableQueue that it had taken and not finished.
    std::uint32_t items_held = 0;     // the sum of the next three
    std::uint32_t redelivered = 0;    // were put back into the queue
    std::uint32_t dead_lettered = 0;  // had been delivered max_deliveries times
    std::uint32_t dropped = 0;        // because the queue was shut down immediately
    // The items of a plain Queue that are lost, because the process died in get() or with a view.
    std::uint32_t lost_in_hand = 0;

    // Whether it died while it held one of the queue's internal locks.
    bool held_producer_lock = false;
    bool held_consumer_lock = false;
    bool held_memory_lock = false;
};

/// One line: "death 3: pid 4711 held 2 items: 2 redelivered; repaired by pid 4712 after 1.2 ms".
[[nodiscard]] PROCESSION_EXPORT std::string to_string(const Death& death);
PROCESSION_EXPORT std::ostream& operator<<(std::ostream& out, const Death& death);

}  // namespace procession::inline v0
