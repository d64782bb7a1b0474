// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "os/handle.h"

namespace procession::os {

/// What kind of object a handle leads to, for the debug log: "/memfd:queue (deleted)".
[[nodiscard]] std::string describe(NativeHandle handle);

/// Stops the descriptor from leaking into programs that this process starts later.
void close_on_exec(NativeHandle handle) noexcept;

}  // namespace procession::os
