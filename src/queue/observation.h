// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "procession/death.h"
#include "procession/queue_options.h"
#include "procession/queue_stats.h"
#include "queue/queue_memory.h"
#include "shm/death_log.h"
#include "shm/participants.h"
#include "shm/segment.h"

// What can be seen of a queue without a lock and without being its participant. Throws Corrupt.

namespace procession::inline v0::detail::queue {

[[nodiscard]] const char* type_name(QueueKind kind) noexcept;
/// The kind of what lies in the segment. Throws: CorruptSegment when it is no queue.
[[nodiscard]] QueueKind kind_of(const shm::Segment& segment);

/// Items that wait.
struct Waiting {
    std::uint64_t in_log = 0;
    std::uint64_t returned = 0;
};
/// Returns: whether both counts are of one instant. If not, consumers were busy all the time, and
/// each count is of an instant of its own.
[[nodiscard]] bool read_waiting(const State& state, Waiting& waiting) noexcept;
[[nodiscard]] QueueStats read_stats(const QueueMemory& memory, const shm::Segment& segment,
                                    const shm::DeathLog& deaths, const Waiting& waiting);
[[nodiscard]] std::vector<Death> read_deaths(const shm::DeathLog& log, std::uint64_t since);

}  // namespace procession::inline v0::detail::queue
