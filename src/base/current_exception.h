// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession::inline v0::detail::base {

/// To be called in an exception handler. Returns: the readable name of the type that was thrown.
[[nodiscard]] std::string type_of_current_exception();

/// To be called in an exception handler. Returns: the type and, for a std::exception, what(), as
/// in "std::runtime_error: failed".
[[nodiscard]] std::string describe_current_exception();

}  // namespace procession::inline v0::detail::base
