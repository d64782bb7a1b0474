// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession::inline v0 {

/// Options of a Process.
struct ProcessOptions {
    /// For logs, messages and active_children(). If empty, it is "Process-1" and so on; the second
    /// child of that process is "Process-1:2".
    std::string name = {};

    /// Whether the child is a daemon. A daemon is terminated when its Process object is destroyed,
    /// and when this program ends by exit() or a return from main. Any other child is waited for,
    /// but only by the destructor of its Process object. Unlike in Python, a daemon may have
    /// children.
    bool daemon = false;

    /// Whether the kernel kills the child (SIGKILL) when this process ends, for whatever reason, so
    /// that no worker waits for ever for a parent that has aborted. The end of a thread of this
    /// process does not matter. It costs a pipe (on Windows, a job) for each child.
    bool die_with_parent = true;
};

}  // namespace procession::inline v0
