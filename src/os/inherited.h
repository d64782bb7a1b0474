// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "os/handle.h"
#include "os/memory_file.h"

namespace procession::os {

/// What kind of object a handle leads to, for the debug log: "/memfd:queue (deleted)".
[[nodiscard]] std::string describe(NativeHandle handle);

/// In a spawned child: the handle that the parent has passed on (SpawnPlan::inherited) and knows by
/// this number; an invalid one when there is none. On Linux both know it by the same number.
[[nodiscard]] Handle inherited_as(std::int64_t number) noexcept;

/// Whether it leads to the object of that identity (os/memory_file.h), as far as the system tells.
[[nodiscard]] bool may_lead_to(const Handle& handle, const FileIdentity& identity) noexcept;

/// Stops the descriptor from leaking into programs that this process starts later.
void close_on_exec(NativeHandle handle) noexcept;

}  // namespace procession::os
