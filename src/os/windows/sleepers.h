// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "os/windows/api.h"

// The events that threads sleep on in park(), one for each thread, by names of 64 bits: the process
// and a counter. Anybody can write a name into a section: one that was made up leads to no other
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

/// Sets the event of that name. Returns: false when its process or its thread has ended; who was
/// killed in its sleep has.
[[nodiscard]] bool wake_sleeper(std::uint64_t name) noexcept;

/// Whether wake_sleeper() would be false. Wakes nobody.
[[nodiscard]] bool is_gone(std::uint64_t name) noexcept;

/// wake_sleeper() keeps handles for the next time. Closes them.
void let_go_of_sleepers() noexcept;

}  // namespace procession::os
