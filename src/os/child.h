// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "os/handle.h"

namespace procession::os {

/// Whether fork_self() can do anything. Where not, children are spawned.
#ifdef _WIN32
inline constexpr bool can_fork = false;
#else
inline constexpr bool can_fork = true;
#endif

/// A child of this process, not yet collected.
struct Child {
    int pid = 0;
    Handle sentinel;  // becomes readable when the child ends; names this child for ever
    // For a child that another process has made for us, and collects: its exit status comes here.
    Handle status_channel = {};
};

/// How a child ended.
struct Ending {
    /// As the child gave it, or minus the number of the signal that killed it. Not there when the
    /// kernel no longer knows: the program ignores SIGCHLD, or something else collected the child.
    std::optional<int> exit_code;
};

/// The arguments and the handles of a child to be spawned.
struct SpawnPlan {
    std::vector<std::string> arguments;   // the first is the name of the program
    std::vector<NativeHandle> inherited;  // these keep their numbers; nothing else of ours crosses
};

/// Starts this very program once more, even if its file was replaced or removed meanwhile. The
/// child has this process's environment, directory and ignored signals, as exec does; but no signal
/// is blocked in it, and SIGTERM is not ignored.
/// Only async-signal-safe calls happen between its birth and the program's start.
[[nodiscard]] std::error_code spawn_same_program(const SpawnPlan& plan, Child& started);

/// Starts a program that is no file: its image is in this process's memory. Otherwise the same.
///
/// Returns: function_not_supported where the system has no such thing (Windows); permission_denied
///          where it is forbidden (the sysctl vm.memfd_noexec).
[[nodiscard]] std::error_code spawn_program(std::span<const std::byte> image, const SpawnPlan& plan,
                                            Child& started);

/// The first argument behind the program's name with which this process was really started,
/// whatever its main() hands on. Empty where there is none, or the system does not tell.
[[nodiscard]] std::string first_argument();

/// Why this program cannot be started once more.
struct StartObstacle {
    const char* reason = nullptr;  ///< also says what to do; nullptr: nothing is known against it
    std::error_code error;         ///< what the system said, where it was the system
};
[[nodiscard]] StartObstacle find_start_obstacle() noexcept;

/// Forks. In the child `started.pid` is zero.
[[nodiscard]] std::error_code fork_self(Child& started) noexcept;

/// Sends how a child ended to the process that holds the other end, as that child's status_channel.
void send_exit_status(const Handle& status_channel, int exit_code) noexcept;

/// Collects the child if it has ended: no zombie remains. Returns nothing while it runs.
/// Only the process that started the child may call it; at most one thread at a time.
[[nodiscard]] std::optional<Ending> collect(const Child& child) noexcept;

/// Sends a signal to exactly this child: never to another process that got its number later. A
/// child that has ended is no error.
[[nodiscard]] std::error_code send_signal(const Child& child, int signal) noexcept;

/// Names this process in ps and top, which would otherwise say "exe" for a spawned child.
void name_this_process(const char* program) noexcept;

/// For a helper that outlives the process that started it: stdin and stdout become the null device,
/// so that no process waits for their end because of the helper. stderr stays, for its log.
void redirect_stdio_to_null() noexcept;

[[nodiscard]] int this_process() noexcept;

/// Ends this process now: no exit handlers, no destructors, no flushing.
[[noreturn]] void exit_immediately(int code) noexcept;

}  // namespace procession::os
