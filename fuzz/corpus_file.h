// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace procession::fuzz {

using Bytes = std::vector<std::uint8_t>;

/// One named input.
struct CorpusEntry {
    std::string name;
    Bytes bytes;
};

/// The inputs of one target in one file: a line each, its name and its bytes in hexadecimal.
[[nodiscard]] std::vector<CorpusEntry> read_corpus(const std::filesystem::path& file);
void write_corpus(const std::filesystem::path& file, const std::vector<CorpusEntry>& entries);

/// The files of a folder, in the order of their names: what libFuzzer works with.
[[nodiscard]] std::vector<CorpusEntry> read_folder(const std::filesystem::path& folder);
void write_folder(const std::filesystem::path& folder, const std::vector<CorpusEntry>& entries);

}  // namespace procession::fuzz
