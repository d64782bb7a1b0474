// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "os/windows/api.h"

// The events that threads wait for in futex_wait(), one for each thread. The key of an event has 64
// bits: the process id and a counter. Any holder of a section can write a key into it, but a forged
// key can only be that of another such event.

namespace procession::inline v0::detail::os {

/// The event of this thread. Others set it, by its key, to wake this thread.
class OwnEvent {
  public:
    OwnEvent() noexcept;
    [[nodiscard]] std::uint64_t key() const noexcept { return key_; }
    [[nodiscard]] bool valid() const noexcept { return event_.valid(); }
    /// Returns: false when the limit passed.
    [[nodiscard]] bool wait(std::chrono::nanoseconds limit) const noexcept {
        return ::WaitForSingleObject(event_.get(), milliseconds_of(limit)) == WAIT_OBJECT_0;
    }

  private:
    Handle event_;
    std::uint64_t key_ = 0;
};

/// The event of this thread, which exists as long as the thread. nullptr when the system cannot
/// create one.
[[nodiscard]] const OwnEvent* own_event() noexcept;

/// Sets the event with this key. Returns: false when its thread or its process has ended, even if
/// the thread was killed while it waited.
[[nodiscard]] bool wake_sleeper(std::uint64_t key) noexcept;

/// Whether wake_sleeper() would return false. Wakes no thread.
[[nodiscard]] bool is_gone(std::uint64_t key) noexcept;

/// Closes the handles that wake_sleeper() has cached.
void close_cached_sleepers() noexcept;

}  // namespace procession::inline v0::detail::os
