// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "procession/deadline.h"
#include "shm/segment.h"

namespace procession::inline v0::detail::shm {

/// A participant as it is at one instant.
struct ParticipantInfo {
    std::uint32_t slot = 0;
    std::uint64_t id = 0;
    int pid = 0;
    Deadline::Clock::time_point joined;
    bool is_alive = false;  // if not, it has died, and is not reclaimed yet
};

/// By slot. As of one instant each; takes no lock.
[[nodiscard]] std::vector<ParticipantInfo> list_participants(const Segment& segment);

}  // namespace procession::inline v0::detail::shm
