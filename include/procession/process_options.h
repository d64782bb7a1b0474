// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession {

/// What a Process may be given besides its callable.
struct ProcessOptions {
    /// For logs, messages and active_children(). Empty: "Process-1", and "Process-1:2" for the
    /// second child of that one.
    std::string name = {};

    /// A daemon is terminated, not waited for, when its Process object is destroyed or when this
    /// program leaves through exit() or the end of main. Unlike in Python, a daemon may have
    /// children.
    bool daemon = false;

    /// The kernel kills the child (SIGKILL) when this process ends, whatever ended it: no worker
    /// waits for ever for a parent that has aborted. A thread of this process that ends means
    /// nothing. It costs a pipe (on Windows, a job) for each child. With false the child lives on.
    bool die_with_parent = true;
};

}  // namespace procession
