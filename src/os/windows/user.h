// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <system_error>

#include "os/handle.h"

namespace procession::os {

/// The user of this process, as a security identifier in its text form (S-1-5-...).
[[nodiscard]] std::wstring text_of_own_user();
/// Whether a process belongs to the user of this one. It was opened with
/// PROCESS_QUERY_LIMITED_INFORMATION.
/// Returns: permission_denied when it does not; otherwise why that cannot be told.
[[nodiscard]] std::error_code why_process_is_a_strangers(const Handle& process) noexcept;

}  // namespace procession::os
