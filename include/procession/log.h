// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace procession {

enum class LogLevel { debug = 0, info = 1, warning = 2, error = 3, off = 4 };

/// Where log lines go. Called with one line without a line feed, by any thread, and never while the
/// library holds a lock: it may use queues. What it throws is ignored.
using LogSink = void (*)(LogLevel level, std::string_view line);

/// Sets the least level that is logged. The initial level comes from the environment variable
/// PROCESSION_LOG (debug, info, warning, error or off); without it, `warning`.
///
/// Threads:    any.   Processes: this one, and children started later inherit it.
/// Python:     logging.getLogger("procession").setLevel()
void set_log_level(LogLevel level) noexcept;
[[nodiscard]] LogLevel log_level() noexcept;

/// Sends log lines to `sink` instead of stderr; nullptr goes back to stderr.
/// Python: records of the logger "procession"; the package has set a sink.
void set_log_sink(LogSink sink) noexcept;

}  // namespace procession
