// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "procession/export.h"

namespace procession::inline v0 {

/// How a child process is started. The names are Python's.
///
/// fork:   the child begins with a copy of this process's memory, in which it runs the callable.
///         Nothing is encoded, so any callable and arguments are allowed. Only the forking thread
///         exists in the child: in a program with other threads, the callable must not need a lock
///         that one of them may have held.
/// spawn:  the child is a fresh start of this program, in which procession::init() decodes the
///         callable and its arguments. Safe with threads. main must call procession::init() first.
/// forkserver:  the child is forked by a server process. The server is a fresh start of this
///         program, with one thread, made at the first use. Otherwise as spawn. Faster than spawn
///         if the program takes long to load, or if a preload function has prepared data.
enum class StartMethod { fork, spawn, forkserver };

namespace detail {
struct ForkTag {};
}  // namespace detail
/// Selects fork at compile time, so that the callable and its arguments need not be passable.
/// A function that is never called, not an object: so `fork()` means the system's even where a
/// program says `using namespace procession`.
inline void fork(detail::ForkTag /*never*/) {}
using fork_t = void (*)(detail::ForkTag);

/// Selects spawn at compile time.
struct spawn_t {
    constexpr operator StartMethod() const noexcept { return StartMethod::spawn; }  // NOLINT
};
/// Selects forkserver at compile time.
struct forkserver_t {
    constexpr operator StartMethod() const noexcept { return StartMethod::forkserver; }  // NOLINT
};
inline constexpr spawn_t spawn{};
inline constexpr forkserver_t forkserver{};

/// "fork", "spawn" or "forkserver".
[[nodiscard]] PROCESSION_EXPORT std::string_view name_of(StartMethod method) noexcept;

/// Throws:  ValueError, which names the allowed values.
[[nodiscard]] PROCESSION_EXPORT StartMethod start_method_from_name(std::string_view name);

/// Sets the default start method, for a Process that is made without one. Initially it is spawn.
/// Spawned children inherit it.
///
/// Threads:    any.
/// Python:     multiprocessing.set_start_method(..., force=True)
PROCESSION_EXPORT void set_start_method(StartMethod method) noexcept;
inline void set_start_method(fork_t /*fork*/) noexcept { set_start_method(StartMethod::fork); }
[[nodiscard]] PROCESSION_EXPORT StartMethod get_start_method() noexcept;

/// Sets a function that a forkserver runs once, before it forks its first child. Does not affect a
/// forkserver that runs already. The children share the memory that the function has filled,
/// without a copy. If the function throws, each start of a child by that forkserver throws a
/// ProcessError with the text of that exception. nullptr means no function.
///
/// Threads:    any.   Python: multiprocessing.set_forkserver_preload(modules)
PROCESSION_EXPORT void set_forkserver_preload(void (*function)()) noexcept;

/// The start methods of this platform, the default first.
[[nodiscard]] PROCESSION_EXPORT std::vector<StartMethod> get_all_start_methods();

}  // namespace procession::inline v0
