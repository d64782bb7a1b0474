// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::os {

/// Whether thread_local variables can still be used by what at_thread_end() calls. Not on Windows:
/// mingw-w64 has freed them by then.
#ifdef _WIN32
inline constexpr bool thread_locals_outlive_threads = false;
#else
inline constexpr bool thread_locals_outlive_threads = true;
#endif

/// Has act(context) called on this thread when it ends; what was given last is called first. Given
/// again, an act has another context; a thread may give eight different ones. What is given while
/// they are called may never be called.
/// (A thread_local object with a destructor does not serve: mingw-w64 runs it when the memory of
/// all thread_local variables has been freed.)
void at_thread_end(void (*act)(void* context) noexcept, void* context);

}  // namespace procession::os
