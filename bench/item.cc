// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "item.h"

#include <vector>

namespace procession::bench {

std::uint64_t expected_checksum(std::size_t bytes, std::uint64_t count) {
    // Linear in the number: sum(seed + i)(i + 1) = seed * weights + rest.
    std::vector<std::uint64_t> words(bytes / 8);
    fill(words, 0);
    const std::uint64_t rest = checksum(words);
    fill(words, 1);
    const std::uint64_t of_one = checksum(words) - rest;
    const std::uint64_t numbers =
        count % 2 == 0 ? count / 2 * (count - 1) : (count - 1) / 2 * count;
    return of_one * numbers + rest * count;
}

}  // namespace procession::bench
