// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

namespace procession::inline v0::detail::os {

/// Fills `bytes` from the system's cryptographic random number generator.
[[nodiscard]] std::error_code fill_random(std::span<std::byte> bytes) noexcept;

}  // namespace procession::inline v0::detail::os
