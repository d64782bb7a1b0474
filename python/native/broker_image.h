// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace procession::python {

/// The program of the broker (python/broker/main.cc), as it would be in a file.
[[nodiscard]] std::span<const std::byte> broker_image() noexcept;

}  // namespace procession::python
