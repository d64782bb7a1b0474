// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target over the inputs of corpus files (*.txt), and over single inputs (other files).

#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>

#include "fuzz/corpus_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace procession::fuzz {
namespace {

std::vector<CorpusEntry> inputs_of(const std::filesystem::path& path) {
    if (path.extension() == ".txt") return read_corpus(path);
    std::ifstream stream(path, std::ios::binary);
    return {{path.filename().string(), {std::istreambuf_iterator<char>(stream), {}}}};
}

int replay(int argc, char** argv) {
    std::size_t replayed = 0;
    for (int i = 1; i < argc; ++i) {
        for (const CorpusEntry& input : inputs_of(argv[i])) {
            // The last line of a crash names the input.
            std::printf("%s\n", input.name.c_str());
            std::fflush(stdout);
            LLVMFuzzerTestOneInput(input.bytes.data(), input.bytes.size());
            ++replayed;
        }
    }
    std::printf("%zu inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace procession::fuzz

int main(int argc, char** argv) {
    try {
        return procession::fuzz::replay(argc, argv);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 2;
    }
}
