// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "procession/deadline.h"

namespace procession::inline v0::detail::shm {

/// The participant that acts, and how long it may wait for the locks of the object beyond its own
/// deadline: their holders are at work for nanoseconds, unless they were preempted or stopped.
struct Actor {
    std::uint32_t slot = 0;
    Deadline until = Deadline::never();
    std::chrono::milliseconds patience{1000};
};

/// Of a participant whose share is reclaimed.
enum class Holder : std::uint8_t { dead, leaving };

}  // namespace procession::inline v0::detail::shm
