// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//   corpus_tool unpack FILE FOLDER    one file for each input, as libFuzzer wants them
//   corpus_tool pack FOLDER FILE      the other way

#include <cstdio>
#include <exception>
#include <string_view>

#include "fuzz/corpus_file.h"

int main(int argc, char** argv) {
    using namespace procession::fuzz;
    const std::string_view verb = argc == 4 ? argv[1] : "";
    try {
        if (verb == "unpack") return write_folder(argv[3], read_corpus(argv[2])), 0;
        if (verb == "pack") return write_corpus(argv[3], read_folder(argv[2])), 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "corpus_tool: %s\n", problem.what());
        return 1;
    }
    std::fprintf(stderr, "use: corpus_tool unpack FILE FOLDER | corpus_tool pack FOLDER FILE\n");
    return 2;
}
