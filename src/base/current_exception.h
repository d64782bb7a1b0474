// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession::base {

/// In an exception handler: the readable name of the type that was thrown.
[[nodiscard]] std::string type_of_current_exception();

/// In an exception handler: the type, and what() where there is one. "std::runtime_error: failed"
[[nodiscard]] std::string describe_current_exception();

}  // namespace procession::base
