// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "os/windows/api.h"

// The events that threads sleep on in park(), one for each thread, by names of 64 bits: the process
// and a counter. Any holder of a section can write a name into it: a made-up name leads to no other
// objects than these events.

namespace procession::os {

/// This thread's event: set by others, by its name, when they wake this thread.
class OwnEvent {
  public:
    OwnEvent() noexcept;
    [[nodiscard]] std::uint64_t name() const noexcept { return name_; }
    [[nodiscard]] bool valid() const noexcept { return event_.valid(); }
    /// Returns: false when the limit passed.
    [[nodiscard]] bool wait(std::chrono::nanoseconds limit) const noexcept {
        return ::WaitForSingleObject(event_.get(), milliseconds_of(limit)) == WAIT_OBJECT_0;
    }

  private:
    Handle event_;
    std::uint64_t name_ = 0;
};

/// nullptr when the system has none. It lives as long as this thread.
[[nodiscard]] const OwnEvent* own_event() noexcept;

/// Sets the event of that name. Returns: false when its process or its thread has ended, also when
/// the thread was killed in its sleep.
[[nodiscard]] bool wake_sleeper(std::uint64_t name) noexcept;

/// Whether wake_sleeper() would return false. Wakes no thread.
[[nodiscard]] bool is_gone(std::uint64_t name) noexcept;

/// Closes the handles that wake_sleeper() keeps for the next time.
void let_go_of_sleepers() noexcept;

}  // namespace procession::os
