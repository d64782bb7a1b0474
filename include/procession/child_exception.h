// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession {

/// An exception that left the function of a child process, as its parent sees it.
struct ChildException {
    std::string type;     // as the compiler writes it: "std::runtime_error"
    std::string message;  // what(); empty when the object has none. Cut at about 3 KiB.
};

}  // namespace procession
