// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "instruction/script.h"

namespace procession::instruction {

/// The number of the items that only bring the log to a place. Wherever their bytes are taken for
/// the head of a record, they name an impossible one.
inline constexpr int kFiller = 0x01010101;

[[nodiscard]] std::vector<std::byte> payload_of(const Thing& thing);
/// The number of the item with these bytes. Throws: std::runtime_error when one byte is wrong.
[[nodiscard]] int number_of(std::span<const std::byte> payload);

}  // namespace procession::instruction
