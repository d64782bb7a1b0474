// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "os/handle.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::os {

/// Whether to wait until a read or until a write would not block. Neither blocks if the peer is
/// gone.
enum class Direction : std::uint8_t { reading, writing };

/// One of the handles that wait_any() watches.
struct Watched {
    NativeHandle handle = no_handle;  // no_handle is never ready
    Direction direction = Direction::reading;
    bool ready = false;  // set by wait_any()
};

/// Waits until at least one of them is ready. A handle is ready when there are bytes (or room),
/// when its peer is gone, or when it is not open; the sentinel of a child, when the child has
/// ended. Signals do not end the wait. Any number of handles may be watched.
///
/// Returns:  false when the deadline passed first. If the kernel has no memory for the call, true
///           after a moment, with all of them marked as ready, so that the caller tries each; but
///           false once the deadline has passed.
[[nodiscard]] bool wait_any(std::span<Watched> watched, Deadline deadline) noexcept;

/// The same for one handle. With no_handle it waits for the deadline.
[[nodiscard]] bool wait_ready(NativeHandle handle, Direction direction, Deadline deadline) noexcept;
[[nodiscard]] inline bool wait_readable(NativeHandle handle, Deadline deadline) noexcept {
    return wait_ready(handle, Direction::reading, deadline);
}

}  // namespace procession::inline v0::detail::os
