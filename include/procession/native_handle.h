// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession {

/// The operating system's name for an open object: a file descriptor on Linux.
using NativeHandle = int;
inline constexpr NativeHandle no_handle = -1;

}  // namespace procession
