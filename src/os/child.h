// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// Whether fork_self() is supported. If not, children can only be spawned.
#ifdef _WIN32
inline constexpr bool can_fork = false;
#else
inline constexpr bool can_fork = true;
#endif

/// A child of this process that has not been reaped yet.
struct Child {
    int pid = 0;
    Handle sentinel;  // becomes readable when the child ends; never refers to another process
    // Only for a child that the forkserver made for us, and reaps: receives its exit status.
    Handle status_channel = {};
};

/// How a child ended.
struct ExitStatus {
    /// The child's exit code, or -n if signal n killed it. Empty if the kernel no longer knows it,
    /// because the program ignores SIGCHLD or other code reaped the child.
    std::optional<int> exit_code;
};

/// The arguments and the handles of a child to be spawned.
struct SpawnPlan {
    std::vector<std::string> arguments;   // the first is the name of the program
    std::vector<NativeHandle> inherited;  // passed under their numbers; no other handle is passed
};

/// Starts another process of this program, even if its file was replaced or removed meanwhile. As
/// with exec, the child inherits this process's environment, working directory and ignored signals;
/// but no signal is blocked in it, and SIGTERM is not ignored.
/// Between fork and exec the child makes only async-signal-safe calls.
[[nodiscard]] std::error_code spawn_same_program(const SpawnPlan& plan, Child& started);

/// The same for a program that is not a file: `image` is its executable, in this process's memory.
///
/// Returns: function_not_supported where the system cannot do this (Windows); permission_denied
///          where it is forbidden (the sysctl vm.memfd_noexec).
[[nodiscard]] std::error_code spawn_program(std::span<const std::byte> image, const SpawnPlan& plan,
                                            Child& started);

/// The first argument after the program's name with which the system started this process; main()
/// may have passed on other arguments. Empty if there is none, or the system does not tell.
[[nodiscard]] std::string first_argument();

/// Why another process of this program cannot be started.
struct StartObstacle {
    const char* reason = nullptr;  ///< also says what to do; nullptr if no obstacle is known
    std::error_code error;         ///< the error of the system, if it was a system call that failed
};
[[nodiscard]] StartObstacle find_start_obstacle() noexcept;

/// Forks. In the child `started.pid` is 0.
[[nodiscard]] std::error_code fork_self(Child& started) noexcept;

/// Reports how a child ended, to the process that has the other end as Child::status_channel.
void send_exit_status(const Handle& status_channel, int exit_code) noexcept;

/// Reaps the child if it has ended, so that no zombie remains. Returns nothing while it runs.
/// Only the process that started the child may call it, in one thread at a time.
[[nodiscard]] std::optional<ExitStatus> reap(const Child& child) noexcept;

/// Sends a signal to this child, and never to another process that reuses its pid. To signal a
/// child that has ended is not an error.
[[nodiscard]] std::error_code send_signal(const Child& child, int signal) noexcept;

/// Sets the name that ps and top show for this process; for a spawned child it would be "exe".
void set_process_name(const char* program) noexcept;

/// Redirects stdin and stdout to the null device. For a helper process that outlives its starter: a
/// process that reads the starter's output until its end must not wait for the helper too. stderr
/// stays, for the helper's log.
void redirect_stdio_to_null() noexcept;

[[nodiscard]] int current_process_id() noexcept;

/// Ends this process without exit handlers, destructors or flushing.
[[noreturn]] void exit_immediately(int code) noexcept;

}  // namespace procession::inline v0::detail::os
