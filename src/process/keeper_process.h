// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "os/handle.h"

namespace procession::process {

/// The one argument of a keeper: "--procession-keeper=<descriptor of its meeting point>".
inline constexpr const char* keeper_marker = "--procession-keeper=";

/// Starts this program once more, as a keeper (handoff/keeper.h). It is a child of this process,
/// but outlives it as long as another process needs it.
/// Throws: SharingError without init(); ProcessError when the system refuses another process.
void start_keeper(os::Handle rendezvous_socket);

/// The same, for a program that cannot be started as a keeper (an interpreter of Python, or an
/// application that embeds or freezes one): `image` is a program that calls run_keeper() with its
/// one argument. Throws: ProcessError, also where programs may not be run from memory.
void start_keeper_from(std::span<const std::byte> image, os::Handle rendezvous_socket);

/// Lets go of the keeper and, if it was started by this process, waits until it has ended; it ends
/// when no other process uses it. For tests, which leave no process behind.
void end_keeper() noexcept;

/// Before this process ends, when it has left its queues. A keeper that it has started, and that
/// ends with it because no other process needs it, is waited for, for three seconds at most, and
/// collected: where the process with id 1 collects no orphans (a container without an init), it
/// would stay as a zombie. Happens by itself at exit().
void leave_keeper_at_end() noexcept;

}  // namespace procession::process
