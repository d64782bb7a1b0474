// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "os/handle.h"

namespace procession::process {

/// The one argument of a keeper: "--procession-keeper=<descriptor of its meeting point>".
inline constexpr const char* keeper_marker = "--procession-keeper=";

/// Starts this program once more, as a keeper (handoff/keeper.h). It is a child of this process,
/// but outlives it as long as somebody needs it.
/// Throws: SharingError without init(); ProcessError when the system refuses another process.
void start_keeper(os::Handle meeting_point);

/// The whole life of a keeper, from init() on.
[[noreturn]] void run_keeper(std::string_view descriptor) noexcept;

/// Lets go of the keeper and, if it was started by this process, waits until it has ended; it does
/// when nobody else uses it. For tests, which leave no process behind.
void end_keeper() noexcept;

}  // namespace procession::process
