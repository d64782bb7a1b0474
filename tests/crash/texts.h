// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>

namespace procession::testing {

/// The text of an item says its number.
inline std::string text_of(int number, std::size_t bytes) {
    std::string text = std::to_string(number) + ":";
    text.resize(std::max(bytes, text.size()), '.');
    return text;
}
inline int number_in(const std::string& text) { return std::stoi(text); }

}  // namespace procession::testing
