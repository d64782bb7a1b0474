// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::os {

/// Whether the functions that at_thread_end() calls can still use thread_local variables. Not on
/// Windows: mingw-w64 has freed them by then.
#ifdef _WIN32
inline constexpr bool thread_locals_outlive_threads = false;
#else
inline constexpr bool thread_locals_outlive_threads = true;
#endif

/// Has act(context) called on this thread when it ends; the act given last is called first. An act
/// that is given again replaces its context; a thread may give eight different acts. An act given
/// while they are called may never be called.
/// (A thread_local object with a destructor does not serve: mingw-w64 runs it when the memory of
/// all thread_local variables has been freed.)
void at_thread_end(void (*act)(void* context) noexcept, void* context);

}  // namespace procession::os
