// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace procession::fuzz {

/// The bytes of one input, read as decisions. At the end everything is 0.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size)
        : bytes_(std::as_bytes(std::span(data, size))) {}

    [[nodiscard]] bool at_end() const { return bytes_.empty(); }

    template <class Number>
        requires std::is_unsigned_v<Number>
    Number next() {
        Number value = 0;
        const auto taken = take(sizeof value);
        if (!taken.empty()) std::memcpy(&value, taken.data(), taken.size());
        return value;
    }
    std::uint8_t byte() { return next<std::uint8_t>(); }
    std::span<const std::byte> take(std::size_t most) {
        const auto taken = bytes_.first(std::min(most, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }
    std::span<const std::byte> rest() { return take(bytes_.size()); }

  private:
    std::span<const std::byte> bytes_;
};

}  // namespace procession::fuzz
