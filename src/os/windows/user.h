// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <system_error>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// The user of this process, as a security identifier in its text form (S-1-5-...).
[[nodiscard]] std::wstring text_of_own_user();
/// Checks that a process belongs to the user of this one. `process` was opened with
/// PROCESS_QUERY_LIMITED_INFORMATION.
/// Returns: permission_denied when it does not; another error when the system does not tell.
[[nodiscard]] std::error_code check_process_user(const Handle& process) noexcept;

}  // namespace procession::inline v0::detail::os
