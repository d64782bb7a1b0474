// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/census.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace procession::testing {

namespace {

namespace fs = std::filesystem;

std::string first_words(const fs::path& file) {
    // By an inserter, which does not throw when the process ends while its file is read.
    std::ostringstream contents;
    contents << std::ifstream(file).rdbuf();
    std::string text = contents.str();
    for (char& letter : text) {
        if (letter == '\0' || letter == '\n') letter = ' ';
    }
    return text.substr(0, 200);
}

std::string describe_process(const std::string& pid) {
    const fs::path folder = fs::path("/proc") / pid;
    std::ifstream stat(folder / "stat");
    std::string line;
    std::getline(stat, line);
    const std::size_t end_of_name = line.rfind(')');
    const bool has_state = end_of_name != std::string::npos && end_of_name + 2 < line.size();
    const bool is_zombie = has_state && line[end_of_name + 2] == 'Z';
    return "process " + pid + (is_zombie ? " (ended, not waited for)" : "") + ": " +
           first_words(folder / "cmdline");
}

}  // namespace

void Census::expect_nothing_left() const {
    expect_nothing_new("descriptor", descriptors_, descriptors_now());
    expect_nothing_new("mapping", mappings_, mappings_now());
    expect_nothing_new("child", children_, children_now());
}

Census::Things Census::descriptors_now() {
    Things found;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code error;
        const fs::path target = fs::read_symlink(entry.path(), error);
        if (error) continue;  // the directory's own descriptor, closed by now
        const std::string number = entry.path().filename().string();
        // The iterator has its own descriptor open on this folder.
        if (target.filename() == "fd" && target.string().rfind("/proc/", 0) == 0) continue;
        found.emplace(number + " " + target.string(), number + " -> " + target.string());
    }
    return found;
}

Census::Things Census::mappings_now() {
    Things found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("memfd:procession") != std::string::npos) found.emplace(line, line);
    }
    return found;
}

Census::Things Census::children_now() {
    Things found;
    for (const auto& thread : fs::directory_iterator("/proc/self/task")) {
        std::ifstream children(thread.path() / "children");
        for (std::string pid; children >> pid;) found.emplace(pid, describe_process(pid));
    }
    return found;
}

}  // namespace procession::testing
