// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "fuzz/corpus_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace procession::fuzz {

namespace {

namespace fs = std::filesystem;

constexpr char kDigits[] = "0123456789abcdef";

std::string hexadecimal(const Bytes& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::uint8_t digit(char letter) {
    const std::string_view digits(kDigits);
    const std::size_t value = digits.find(letter);
    if (value == digits.npos) throw std::runtime_error("a corpus has a line that is no input");
    return static_cast<std::uint8_t>(value);
}

Bytes bytes_of(const std::string& text) {
    if (text.size() % 2 != 0) throw std::runtime_error("a corpus has half a byte");
    Bytes bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
    }
    return bytes;
}

}  // namespace

std::vector<CorpusEntry> read_corpus(const fs::path& file) {
    std::ifstream stream(file);
    if (!stream) throw std::runtime_error("cannot read " + file.string());
    std::vector<CorpusEntry> entries;
    for (std::string line; std::getline(stream, line);) {
        std::istringstream words(line);
        CorpusEntry entry;
        std::string bytes;
        words >> entry.name >> bytes;
        entry.bytes = bytes_of(bytes);
        entries.push_back(std::move(entry));
    }
    return entries;
}

void write_corpus(const fs::path& file, const std::vector<CorpusEntry>& entries) {
    std::ofstream stream(file);
    for (const CorpusEntry& entry : entries) {
        stream << entry.name << ' ' << hexadecimal(entry.bytes) << '\n';
    }
    if (!stream) throw std::runtime_error("cannot write " + file.string());
}

std::vector<CorpusEntry> read_folder(const fs::path& folder) {
    std::vector<CorpusEntry> entries;
    for (const auto& each : fs::directory_iterator(folder)) {
        std::ifstream stream(each.path(), std::ios::binary);
        entries.push_back(
            {each.path().filename().string(), {std::istreambuf_iterator<char>(stream), {}}});
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
}

void write_folder(const fs::path& folder, const std::vector<CorpusEntry>& entries) {
    fs::create_directories(folder);
    for (const CorpusEntry& entry : entries) {
        std::ofstream stream(folder / entry.name, std::ios::binary);
        stream.write(reinterpret_cast<const char*>(entry.bytes.data()),
                     static_cast<std::streamsize>(entry.bytes.size()));
        if (!stream) throw std::runtime_error("cannot write into " + folder.string());
    }
}

}  // namespace procession::fuzz
