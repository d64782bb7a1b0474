// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace procession {

/// How a child process comes to be. The names are Python's.
///
/// fork:   the child begins as a copy of this process's memory and runs the callable right there.
///         Nothing is encoded; anything invocable will do. Only the forking thread exists in the
///         child, so in a program with other threads the callable must not need a lock that one of
///         them held.
/// spawn:  the child is a fresh start of this program that rebuilds the callable and its arguments
///         from bytes. Safe with threads. The program must call procession::init() first in main.
/// forkserver:  the child is forked by a server, which is a fresh start of this program with one
///         thread, made when it is needed first; the rest is as with spawn. Quicker than spawn
///         where the program takes long to load, or a preload function has prepared something.
enum class StartMethod { fork, spawn, forkserver };

/// Selects fork at compile time: the callable need not be able to cross by encoding.
struct fork_t {
    constexpr operator StartMethod() const noexcept { return StartMethod::fork; }  // NOLINT
};
/// Selects spawn at compile time.
struct spawn_t {
    constexpr operator StartMethod() const noexcept { return StartMethod::spawn; }  // NOLINT
};
/// Selects forkserver at compile time.
struct forkserver_t {
    constexpr operator StartMethod() const noexcept { return StartMethod::forkserver; }  // NOLINT
};
inline constexpr fork_t fork{};
inline constexpr spawn_t spawn{};
inline constexpr forkserver_t forkserver{};

/// "fork", "spawn" or "forkserver".
[[nodiscard]] std::string_view name_of(StartMethod method) noexcept;

/// Throws:  ValueError, naming what is allowed.
[[nodiscard]] StartMethod start_method_from_name(std::string_view name);

/// The method of a Process that is made without naming one; spawn unless set. Spawned children
/// inherit it.
///
/// Threads:    any.
/// Python:     multiprocessing.set_start_method(..., force=True)
void set_start_method(StartMethod method) noexcept;
[[nodiscard]] StartMethod get_start_method() noexcept;

/// A function that each forkserver started from now on runs before it forks: what it loads or
/// computes is there, without a copy, in all children. What it throws is the error of each start.
/// A nullptr: none.
///
/// Threads:    any.   Python: multiprocessing.set_forkserver_preload(modules)
void set_forkserver_preload(void (*function)()) noexcept;

/// What this platform offers, the default first.
[[nodiscard]] std::vector<StartMethod> get_all_start_methods();

}  // namespace procession
