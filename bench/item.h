// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>

namespace procession::bench {

template <std::size_t bytes>
using Item = std::array<std::uint64_t, bytes / 8>;

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;
inline constexpr std::array<std::size_t, 9> kItemSizes{
    8, 64, 256, kKiB, 4 * kKiB, 16 * kKiB, 64 * kKiB, 256 * kKiB, kMiB};

/// use.template operator()<bytes>() for a `bytes` that is known at run time only.
/// Throws: std::logic_error for what is none of kItemSizes.
template <class Use>
void with_item_size(std::size_t bytes, Use use) {
    bool found = false;
    [&]<std::size_t... at>(std::index_sequence<at...>) {
        ((kItemSizes[at] == bytes ? (found = true, use.template operator()<kItemSizes[at]>())
                                  : void()),
         ...);
    }(std::make_index_sequence<kItemSizes.size()>());
    if (!found) throw std::logic_error("no item of that size");
}

/// Which words of an item carry its contents: all up to 64 bytes, then a sample, so that copying
/// the item is measured and not the writing of it; one in every page of a large one.
[[nodiscard]] constexpr std::size_t stride_of(std::size_t words) noexcept {
    if (words <= 8) return 1;
    return words <= 512 ? 16 : 512;
}
inline void fill(std::span<std::uint64_t> words, std::uint64_t number) noexcept {
    const std::uint64_t seed = number * 0x9e3779b97f4a7c15U;
    const std::size_t stride = stride_of(words.size());
    for (std::size_t i = 0; i < words.size(); i += stride) words[i] = seed + i;
}
[[nodiscard]] inline std::uint64_t checksum(std::span<const std::uint64_t> words) noexcept {
    std::uint64_t sum = 0;
    const std::size_t stride = stride_of(words.size());
    for (std::size_t i = 0; i < words.size(); i += stride) sum += words[i] * (i + 1);
    return sum;
}
/// The sum of the checksums of the items 0 to count - 1.
[[nodiscard]] std::uint64_t expected_checksum(std::size_t bytes, std::uint64_t count);

}  // namespace procession::bench
