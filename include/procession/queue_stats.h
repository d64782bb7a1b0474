// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "procession/export.h"

namespace procession::inline v0 {

/// Counters of one queue, over all processes, since it was created. Each is of an instant of its
/// own during the call, but finished <= taken <= put.
struct QueueStats {
    std::uint64_t put = 0;          // items committed
    std::uint64_t taken = 0;        // items delivered for the first time
    std::uint64_t redelivered = 0;  // deliveries after the first one
    std::uint64_t finished = 0;     // items finished, including those that became dead letters
    std::uint64_t dead_lettered = 0;
    std::uint64_t lost_in_hand = 0;    // plain Queue: see docs/queues.md, In hand
    std::uint64_t deaths = 0;          // participants that died without closing the queue
    std::uint64_t locks_repaired = 0;  // internal locks that they held
    std::uint64_t queued = 0;          // qsize()
    std::uint64_t queued_bytes = 0;
    std::uint64_t memory_bytes = 0;           // shared memory in use
    std::uint64_t memory_reserved_bytes = 0;  // shared memory that the system has allocated for it
    std::uint32_t participants = 0;           // live processes that use the queue
};

/// One line: "12 queued (96 B), 40 put, 28 taken, ...". What is 0 is left out, but for the first.
[[nodiscard]] PROCESSION_EXPORT std::string to_string(const QueueStats& stats);
PROCESSION_EXPORT std::ostream& operator<<(std::ostream& out, const QueueStats& stats);

}  // namespace procession::inline v0
