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

/// Hands one line to the sink, as the text alone, or writes it to stderr in one system call:
/// "[procession debug] text". printf-style, cut at 1000 bytes; allocates nothing unless this thread
/// holds its lines back (LogHold), so that it may be used in a half-started child.
[[PROCESSION_FORMAT(2, 3)]] void log(LogLevel level, const char* format, ...) noexcept;

/// While one lives, the lines of this thread are kept back: the sink is the program's code, which
/// must not run where a lock is held that others wait for, and stderr may block. The end of the
/// outermost LogHold hands the lines over. A LogHold whose function was left by longjmp is
/// forgotten by the next LogHold that is made at its place of the stack or above it.
///
/// Threads: its own. May be nested.
class LogHold {
  public:
    LogHold() noexcept;
    ~LogHold();
    LogHold(const LogHold&) = delete;
    LogHold& operator=(const LogHold&) = delete;

    /// Whether this thread has lines that wait to be handed over.
    [[nodiscard]] static bool has_lines() noexcept;
    /// Hands them over now. The caller holds no lock.
    static void flush() noexcept;

  private:
    const void* const frame_;
};

}  // namespace procession::base
