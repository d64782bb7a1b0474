// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "os/handle.h"

namespace procession::inline v0::detail::process {

/// What a child reports to its parent before it ends. Bytes from another process: they are checked.
struct Report {
    enum class Kind : std::uint8_t {
        rebuilt = 0,  // the callable and its arguments are there, it runs now
        ended = 1,    // the last one
    };

    std::uint8_t kind = 0;
    std::int32_t exit_code = 0;
    bool failed = false;  // then the exception follows
    std::string type;
    std::string message;
};

/// The longest record: it fits any socket buffer, so sending never waits.
inline constexpr std::size_t report_bytes_max = 4096;
inline constexpr std::size_t report_type_bytes_max = 512;
inline constexpr std::size_t report_message_bytes_max = 3072;
// 64 for the numbers and the heads of the strings.
static_assert(report_type_bytes_max + report_message_bytes_max + 64 <= report_bytes_max);

/// Cuts the texts to what is allowed. Never throws: a report that cannot be made is not sent.
void send(os::NativeHandle sender, Report report) noexcept;

/// Returns: nothing when there is none now; bytes that are no report are dropped and logged.
[[nodiscard]] std::optional<Report> receive(os::NativeHandle receiver);

}  // namespace procession::inline v0::detail::process
