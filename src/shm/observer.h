// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "os/handle.h"
#include "shm/death_log.h"
#include "shm/participants.h"
#include "shm/segment.h"

namespace procession::inline v0::detail::shm {

/// Looks at an object in shared memory without taking part in it.
///
/// Guarantees:
///   1. It joins nothing, takes no lock, repairs nothing, and writes nothing: its mapping is
///      read-only. So an observer that is stopped or killed delays no participant, and leaves
///      nothing behind.
///   2. It waits for nothing: a participant that is stopped, or has died, with a lock does not
///      delay it. It then shows what that one left, which the next participant repairs.
///
/// Threads: any number, any time.
class Observer {
  public:
    /// Throws: VersionMismatch, CorruptSegment, OSError.
    explicit Observer(os::Handle file) : segment_(Segment::attach_to_read(std::move(file))) {}
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;
    ~Observer() = default;

    [[nodiscard]] Segment::Name name() const noexcept { return segment_.name(); }
    /// Throws Corrupt, which is no std::exception, where the record of deaths cannot be true.
    [[nodiscard]] const DeathLog& death_log() const noexcept { return death_log_; }
    [[nodiscard]] std::vector<ParticipantInfo> participants() const {
        return list_participants(segment_);
    }

  protected:
    /// For its header and what was remembered of it: what lies behind kTableOffset is not mapped,
    /// and the rest cannot be written.
    [[nodiscard]] const Segment& segment() const noexcept { return segment_; }
    // For what only reads, but is written for participants.
    [[nodiscard]] Segment& segment_for_reading() noexcept { return segment_; }

  private:
    Segment segment_;
    DeathLog death_log_{segment_};
};

}  // namespace procession::inline v0::detail::shm
