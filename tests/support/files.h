// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace procession::testing {

inline void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

/// All of it, also of a file in /proc whose process ends meanwhile: the inserter does not throw.
inline std::string file_text(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

}  // namespace procession::testing
