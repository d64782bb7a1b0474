// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "procession/export.h"
#include "procession/start_method.h"

namespace procession::inline v0 {

/// The parent or a child of this process.
struct ProcessInfo {
    int pid = 0;
    std::string name;
};

/// This process.
struct CurrentProcess {
    int pid = 0;
    std::string name;  // "MainProcess" unless Procession started it
    bool is_child = false;
    std::optional<StartMethod> start_method;  // how it was started, if Procession did it
};

/// A child made by the program's own fork() has its parent's name.
/// Threads: any.   Python: multiprocessing.current_process()
[[nodiscard]] PROCESSION_EXPORT CurrentProcess current_process();

/// The process that started this one; nothing in the main process. It may have ended.
/// Threads: any.   Python: multiprocessing.parent_process()
[[nodiscard]] PROCESSION_EXPORT std::optional<ProcessInfo> parent_process();

/// The children of this process that are alive now. Reaps those that have ended, so that no zombies
/// remain; their Process objects keep the exit code.
/// Threads: any.   Python: multiprocessing.active_children()
[[nodiscard]] PROCESSION_EXPORT std::vector<ProcessInfo> active_children();

}  // namespace procession::inline v0
