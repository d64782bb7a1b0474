// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession::inline v0 {

/// An exception that ended the function of a child process, as its parent sees it.
struct ChildException {
    std::string type;     // the readable name: "std::runtime_error"
    std::string message;  // what(); empty if it has none. Truncated to about 3 KiB.
};

}  // namespace procession::inline v0
