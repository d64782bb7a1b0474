// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "os/handle.h"
#include "os/memory_file.h"

namespace procession::inline v0::detail::os {

/// What kind of object a handle refers to, for the debug log: "/memfd:queue (deleted)".
[[nodiscard]] std::string describe(NativeHandle handle);

/// In a spawned child: the handle that the parent passed on (SpawnPlan::inherited) and that had
/// this number in the parent. On Linux it has the same number in the child. Invalid if there is
/// none.
[[nodiscard]] Handle find_inherited(std::int64_t number) noexcept;

/// Whether the handle refers to the object `identity` (os/memory_file.h). Also true where the
/// system does not tell.
[[nodiscard]] bool may_refer_to(const Handle& handle, const FileIdentity& identity) noexcept;

/// Sets close-on-exec: programs that this process starts later do not inherit the handle.
void close_on_exec(NativeHandle handle) noexcept;

}  // namespace procession::inline v0::detail::os
