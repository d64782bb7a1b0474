// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::inline v0 {

/// The operating system's handle to an open object: a file descriptor on Linux, a HANDLE on
/// Windows.
#ifdef _WIN32
using NativeHandle = void*;
inline constexpr NativeHandle no_handle = nullptr;
#else
using NativeHandle = int;
inline constexpr NativeHandle no_handle = -1;
#endif

}  // namespace procession::inline v0
