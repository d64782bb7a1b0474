// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/long_tests.h"

#include <charconv>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

namespace procession::testing {

bool is_soak() {
    const char* asked = std::getenv("PROCESSION_SOAK");
    const std::string_view text = asked == nullptr ? "" : asked;
    return !text.empty() && text != "0";
}

std::uint32_t chosen_seed() {
    const char* given = std::getenv("PROCESSION_SEED");
    if (given == nullptr) return std::random_device{}();
    const std::string_view text = given;
    std::uint32_t seed = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
        throw std::invalid_argument("PROCESSION_SEED is '" + std::string(text) +
                                    "'; a number below 2^32 is needed");
    }
    return seed;
}

}  // namespace procession::testing
