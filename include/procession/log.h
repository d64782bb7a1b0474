// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "procession/export.h"

namespace procession::inline v0 {

enum class LogLevel { debug = 0, info = 1, warning = 2, error = 3, off = 4 };

/// A function that takes log lines. It is called with one line, without a line feed, by any thread,
/// and never while the library holds a lock, so that it may use queues. Exceptions that it throws
/// are ignored.
using LogSink = void (*)(LogLevel level, std::string_view line);

/// Sets the lowest level that is logged. The initial level is that of the environment variable
/// PROCESSION_LOG (debug, info, warning, error or off), or `warning` if there is none.
///
/// Threads:    any.   Processes: this one, and children that are started later.
/// Python:     logging.getLogger("procession").setLevel()
PROCESSION_EXPORT void set_log_level(LogLevel level) noexcept;
[[nodiscard]] PROCESSION_EXPORT LogLevel log_level() noexcept;

/// Sends log lines to `sink` instead of stderr; nullptr means stderr again.
/// Python: the package has set a sink that makes records of the logger "procession".
PROCESSION_EXPORT void set_log_sink(LogSink sink) noexcept;

}  // namespace procession::inline v0
