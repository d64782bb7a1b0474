// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "instruction/segment_view.h"

namespace procession::instruction {

/// A word of shared memory that has changed.
struct Store {
    std::uint64_t offset = 0;  // a multiple of 8
    std::string name;          // "tail lock", "lease", "head of a record" ...
};

/// The words in which two images differ, named as ARCHITECTURE.md names them.
[[nodiscard]] std::vector<Store> stores_between(const Image& before, const Image& after);
/// What lies at an offset, in the light of an image.
[[nodiscard]] std::string name_of_word(const Image& image, std::uint64_t offset);
/// The same for what has changed in the word at `word`.
[[nodiscard]] std::string name_of_change(const Image& before, const Image& after,
                                         std::uint64_t word);
/// Only the places of the words that differ.
[[nodiscard]] std::vector<std::uint64_t> words_between(const Image& before, const Image& after);

[[nodiscard]] std::string show(const std::vector<Store>& stores);

}  // namespace procession::instruction
