// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace procession::schedule {

/// A place is an offset in a space; the space is in the upper bits.
inline constexpr std::uint64_t kOffsetBits = 48;

inline std::uint64_t mix(std::uint64_t value) noexcept {
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93;
    value ^= value >> 32;
    value *= 0xd6e8feb86659fd93;
    value ^= value >> 32;
    return value;
}

inline std::uint64_t hash_of_word(std::uint64_t offset, std::uint64_t value) noexcept {
    return mix(value + mix(offset + 1));
}

inline std::uint64_t read_word(const std::byte* at) noexcept {
    // No memcpy: that is watched, too.
    return *reinterpret_cast<const volatile std::uint64_t*>(at);
}

}  // namespace procession::schedule
