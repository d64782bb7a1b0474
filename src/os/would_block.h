// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

namespace procession::inline v0::detail::os {

/// Whether a non-blocking call found nothing to receive, or no room, at the moment.
[[nodiscard]] inline bool is_would_block(std::error_code problem) noexcept {
    return problem == std::errc::operation_would_block ||
           problem == std::errc::resource_unavailable_try_again;
}

}  // namespace procession::inline v0::detail::os
