// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <system_error>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// A one-way channel of short records, from a child to its parent. Neither end ever waits, and no
/// signal is raised when the peer is gone.
struct ReportChannel {
    Handle receiver;
    Handle sender;

    [[nodiscard]] static std::error_code create(ReportChannel& created) noexcept;
};

/// Sends the whole record, or nothing when the peer is gone or the channel is full.
/// Async-signal-safe.
bool send_report(NativeHandle sender, std::span<const std::byte> record) noexcept;

/// Receives the oldest record into `space`, truncated to its size.
/// Returns:  the number of bytes received; nothing when there is no record now.
[[nodiscard]] std::optional<std::size_t> receive_report(NativeHandle receiver,
                                                        std::span<std::byte> space) noexcept;

}  // namespace procession::inline v0::detail::os
