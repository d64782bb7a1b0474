// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace procession::process {

/// The child's exit code when its bootstrap message is of no use.
inline constexpr int exit_code_of_bad_bootstrap = 127;

/// The whole life of a spawned child, from init() on. `descriptor` is what the marker argument
/// says.
[[noreturn]] void run_spawned_child(std::string_view descriptor);

}  // namespace procession::process
