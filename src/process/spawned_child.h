// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "helper/program.h"
#include "os/handle.h"

namespace procession::inline v0::detail::process {

/// The child's exit code when its bootstrap message is of no use.
inline constexpr int exit_code_of_bad_bootstrap = 127;

/// Its argument names the bootstrap message.
inline constexpr helper::Role child_role{"child", "a child"};

/// The whole life of a spawned child, from init() on. `descriptor` is what the argument says.
[[noreturn]] void run_spawned_child(std::string_view descriptor);
/// The same for one that a forkserver has forked: the handles are those that the message lists, in
/// that order.
[[noreturn]] void run_served_child(os::Handle message, std::vector<os::Handle> handles);

}  // namespace procession::inline v0::detail::process
