// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "procession/log.h"

// What the format may say, checked by the compiler: standard C's, also with mingw-w64.
#ifdef __MINGW32__
#define PROCESSION_FORMAT(string, first) gnu::format(gnu_printf, string, first)
#else
#define PROCESSION_FORMAT(string, first) gnu::format(printf, string, first)
#endif

namespace procession::base {

[[nodiscard]] bool logs(LogLevel level) noexcept;

/// Writes one line in one system call: "[procession debug] text"; a sink gets the text alone.
/// printf-style, cut at 1000 bytes;
/// allocates nothing, so that it may be used in a half-started child.
[[PROCESSION_FORMAT(2, 3)]] void log(LogLevel level, const char* format, ...) noexcept;

}  // namespace procession::base
