// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

namespace procession::os {

/// Of what is not on Windows yet: connections.
[[nodiscard]] inline std::error_code not_yet() noexcept {
    return std::make_error_code(std::errc::function_not_supported);
}

}  // namespace procession::os
