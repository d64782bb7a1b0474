// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "os/handle.h"
#include "procession/deadline.h"

namespace procession::os {

/// The wait is until a read, or a write, would not block. Neither blocks when the peer is gone.
enum class Direction : std::uint8_t { reading, writing };

/// One of the handles that wait_any() watches.
struct Watched {
    NativeHandle handle = no_handle;  // no_handle is never ready
    Direction direction = Direction::reading;
    bool ready = false;  // the answer
};

/// Waits until at least one of them is ready: there are bytes (or room), the peer is gone, a handle
/// is not open, or, for the sentinel of a child, it has ended. Signals do not end the wait. Any
/// number may be watched.
///
/// Returns:  false when the deadline passed first. Where the kernel cannot tell (it has no memory
///           for the question), true after a moment, with all of them marked as ready: the caller
///           looks for itself. Once the deadline has passed, false also then.
[[nodiscard]] bool wait_any(std::span<Watched> watched, Deadline deadline) noexcept;

/// The same for one. With no_handle there is nothing but the deadline.
[[nodiscard]] bool wait_ready(NativeHandle handle, Direction direction, Deadline deadline) noexcept;
[[nodiscard]] inline bool wait_readable(NativeHandle handle, Deadline deadline) noexcept {
    return wait_ready(handle, Direction::reading, deadline);
}

}  // namespace procession::os
