// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::inline v0::detail::os {

/// Whether the functions that at_thread_end() calls may use thread_local variables. On Windows they
/// may not: mingw-w64 has freed those variables by then.
#ifdef _WIN32
inline constexpr bool thread_locals_outlive_threads = false;
#else
inline constexpr bool thread_locals_outlive_threads = true;
#endif

/// Registers act(context) to be called in this thread when it ends; the last one registered is
/// called first. To register an act again replaces its context. A thread may register eight
/// different acts. An act that is registered while the acts are called may never be called.
/// (A thread_local object with a destructor does not serve: mingw-w64 runs the destructor after it
/// has freed the memory of all thread_local variables.)
void at_thread_end(void (*act)(void* context) noexcept, void* context);

}  // namespace procession::inline v0::detail::os
