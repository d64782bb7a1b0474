// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "procession/death.h"
#include "procession/detail/codec/format.h"
#include "procession/queue_options.h"
#include "procession/queue_stats.h"
#include "queue/queue_memory.h"
#include "queue/state.h"
#include "shm/observer.h"

namespace procession::inline v0::detail::queue {

/// Looks at a queue without taking part in it, see shm::Observer.
///
/// What it shows of a participant that has died, or is stopped, in the middle of a change is what
/// that one left: a count may lag behind by the item that was under way.
/// Throws: CorruptSegment where the record of deaths, or the header, holds what no participant
///         writes. Other counts are shown as they are. It does not poison the segment: the next
///         participant that meets the same does.
/// Threads: any number, any time.
class QueueObserver : public shm::Observer {
  public:
    /// Throws: VersionMismatch, CorruptSegment, OSError.
    explicit QueueObserver(os::Handle file);

    [[nodiscard]] QueueKind kind() const noexcept { return kind_; }
    [[nodiscard]] TypeStamp stamp() const { return segment().stamp(); }
    [[nodiscard]] const Limits& limits() const noexcept { return memory_.limits; }
    [[nodiscard]] bool is_shut_down() const noexcept { return memory_.is_shut_down(); }
    /// As SharedQueue::stats().
    [[nodiscard]] QueueStats stats() const;
    /// As SharedQueue::deaths().
    [[nodiscard]] std::vector<Death> deaths(std::uint64_t since) const;

  private:
    template <class Read>
    auto refusing_corruption(const char* operation, Read read) const;

    const QueueKind kind_;
    const QueueMemory memory_{segment_for_reading()};
};

}  // namespace procession::inline v0::detail::queue
