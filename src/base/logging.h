// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "procession/log.h"

// Lets the compiler check format strings. They are those of standard C, also with mingw-w64.
#ifdef __MINGW32__
#define PROCESSION_FORMAT(string, first) gnu::format(gnu_printf, string, first)
#else
#define PROCESSION_FORMAT(string, first) gnu::format(printf, string, first)
#endif

namespace procession::inline v0::detail::base {

[[nodiscard]] bool logs(LogLevel level) noexcept;

/// Logs one line, given as for printf and cut at 1000 bytes. It is passed to the sink, as the text
/// alone; without a sink it is written to stderr by one system call, as "[procession debug] text".
/// Allocates nothing unless a LogHold exists in this thread, so that it may be used in a child that
/// has not fully started.
[[PROCESSION_FORMAT(2, 3)]] void log(LogLevel level, const char* format, ...) noexcept;

/// Delays the lines that this thread logs until the outermost LogHold is destroyed. It is used
/// where a lock is held that other threads wait for: the sink is code of the program, and stderr
/// may block.
///
/// longjmp may skip the destructor. Such a LogHold is dropped by the next one that is made at the
/// same stack address or above it.
/// Threads: affects only its own. May be nested.
class LogHold {
  public:
    LogHold() noexcept;
    ~LogHold();
    LogHold(const LogHold&) = delete;
    LogHold& operator=(const LogHold&) = delete;

    /// Whether this thread has delayed lines.
    [[nodiscard]] static bool has_lines() noexcept;
    /// Writes them now. The caller must hold no lock.
    static void flush() noexcept;

  private:
    const void* const frame_;
};

}  // namespace procession::inline v0::detail::base
