// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "procession/log.h"

namespace procession::base {

[[nodiscard]] bool logs(LogLevel level) noexcept;

/// Writes one line in one system call: "[debug/1234] text". printf-style, cut at 1000 bytes;
/// allocates nothing, so that it may be used in a half-started child.
[[gnu::format(printf, 2, 3)]] void log(LogLevel level, const char* format, ...) noexcept;

}  // namespace procession::base
