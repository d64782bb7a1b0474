// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace procession::death {

/// The number of the items that only bring the log to a place. Wherever their bytes are taken for
/// the head of a record, they name an impossible one.
inline constexpr int kFiller = 0x01010101;

/// The bytes of an item follow from its number and its size.
[[nodiscard]] std::vector<std::byte> payload_of(int number, std::size_t bytes);
/// The number of the item with these bytes. Throws: std::runtime_error when one byte is wrong.
[[nodiscard]] int number_of(std::span<const std::byte> payload);

/// An item that its consumer cannot decode is marked so, by the sign of its number.
inline int undecodable(int number) { return ~number; }

}  // namespace procession::death
