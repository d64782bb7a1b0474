// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace procession::inline v0::detail::queue {

/// memcpy, with the shortest messages copied in place of a call. Plain stores, also to shared
/// memory that LogHead::shows_a_record() or Records::peek_lease() may be reading as words: these
/// functions check what they read, and the order that they need comes from the fence in
/// LogTail::link().
inline void copy_bytes(std::byte* to, std::span<const std::byte> from) noexcept {
    constexpr std::size_t word = sizeof(std::uint64_t);
    const std::size_t bytes = from.size();
    if (bytes >= word && bytes <= 2 * word) {
        // The two may overlap; both are read before either is written.
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::memcpy(&first, from.data(), word);
        std::memcpy(&last, from.data() + bytes - word, word);
        std::memcpy(to, &first, word);
        std::memcpy(to + bytes - word, &last, word);
    } else if (bytes != 0) {
        std::memcpy(to, from.data(), bytes);
    }
}

}  // namespace procession::inline v0::detail::queue
