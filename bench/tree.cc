// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <system_error>

namespace procession::bench {

namespace fs = std::filesystem;

Tree::Tree(std::size_t files) : files_(files) {
    std::string made = fs::temp_directory_path() / "procession_bench_XXXXXX";
    if (::mkdtemp(made.data()) == nullptr) {
        throw std::system_error(errno, std::system_category(), made);
    }
    root_ = made;
    constexpr std::size_t kFilesPerFolder = 100;
    constexpr std::size_t kBytesMin = 4096;
    constexpr std::size_t kBytesMax = 16384;
    std::mt19937 random(1);
    std::string contents(kBytesMax, '\0');
    for (char& letter : contents) letter = static_cast<char>(random());
    for (std::size_t i = 0; i < files; ++i) {
        const fs::path folder = root_ / std::to_string(i / kFilesPerFolder);
        if (i % kFilesPerFolder == 0) fs::create_directory(folder);
        const std::size_t size = kBytesMin + random() % (kBytesMax - kBytesMin + 1);
        const std::string number = std::to_string(i);
        number.copy(contents.data(), number.size());
        std::ofstream file(folder / number, std::ios::binary);
        file.write(contents.data(), static_cast<std::streamsize>(size));
        if (!file.flush()) throw std::system_error(errno, std::system_category(), folder);
        bytes_ += static_cast<double>(size);
    }
}

Tree::~Tree() {
    std::error_code ignored;  // there is nothing that could be done
    fs::remove_all(root_, ignored);
}

}  // namespace procession::bench
