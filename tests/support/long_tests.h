// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::testing {

/// Whether the long forms were asked for: ./test --soak, or PROCESSION_SOAK=1 in the environment.
[[nodiscard]] bool is_soak();

/// The number in PROCESSION_SEED, or a random one. A test that makes random choices prints it.
/// Throws: std::invalid_argument when PROCESSION_SEED is no number.
[[nodiscard]] std::uint32_t chosen_seed();

}  // namespace procession::testing
