// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>

#include "os/handle.h"

namespace procession::os {

/// A place where processes of one user meet without a common ancestor: a name that nothing in the
/// file system stands for, and that is gone with the last holder of its handle. Each connection is
/// a channel (os/channel.h) that keeps the borders of messages: one transfer is one message, of at
/// most 64 KiB.

[[nodiscard]] std::error_code open_meeting_point(const std::string& name, Handle& made) noexcept;
/// Accepts the next client; operation_would_block when there is none. Afterwards the meeting point
/// may be another handle.
[[nodiscard]] std::error_code admit(Handle& meeting_point, Handle& channel) noexcept;
/// connection_refused when no process holds that name; operation_would_block when too many clients
/// wait there.
[[nodiscard]] std::error_code go_to_meeting_point(const std::string& name,
                                                  Handle& channel) noexcept;

/// Whether a process may move to where the names of meeting points lead nowhere, or to other ones.
#ifdef _WIN32
inline constexpr bool can_lose_meeting_points = false;
#else
inline constexpr bool can_lose_meeting_points = true;
#endif
/// A number for where this process is in that respect: processes with different numbers do not meet
/// by name. On Linux, the network namespace. 0 when the system does not tell.
[[nodiscard]] std::uint64_t realm_of_meeting_points() noexcept;

/// Bytes that no other process can guess.
[[nodiscard]] std::error_code fill_randomly(std::span<std::byte> bytes) noexcept;

/// Whether two handles of this process lead to one open object (not only to one file): what is
/// shared between duplicates is shared between these two. False when the system cannot tell.
[[nodiscard]] bool are_same_object(NativeHandle one, NativeHandle other) noexcept;

/// Raises this process's limit of handles to the most that the system lets it ask for.
void allow_many_handles() noexcept;

/// An interrupt that a terminal sends to all processes of a command (Ctrl-C) no longer ends this
/// one.
void ignore_interrupts() noexcept;

}  // namespace procession::os
