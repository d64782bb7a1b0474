// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "os/handle.h"
#include "process/report.h"
#include "procession/detail/launch.h"

namespace procession::inline v0::detail::process {

/// Runs a child's function to its end, whatever that is: it returns, throws SystemExit, throws
/// something else (printed on stderr), or ends the thread.
///
/// Returns:  the exit code, after it was reported to the parent.
[[nodiscard]] int run_and_report(const std::string& name, os::NativeHandle reports,
                                 ForkBody body) noexcept;

/// Flushes std::cout, std::cerr, std::clog, stdout and stderr; other streams belong to the user.
void flush_standard_streams() noexcept;

/// Says in `report` that the exception in flight, of this message, was the end; as far as there is
/// memory for it.
void report_failure(Report& report, const char* message) noexcept;

}  // namespace procession::inline v0::detail::process
