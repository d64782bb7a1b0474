// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>

namespace procession::testing {

/// A Python program that runs beside the test.
class PythonProgram {
  public:
    PythonProgram(const std::string& python, const std::string& program)
        : pipe_(::popen((python + " - 2>&1 <<'PROGRAM'\n" + program + "\nPROGRAM").c_str(), "re"),
                ::pclose) {}
    std::string line() {
        char text[1024] = {};
        if (std::fgets(text, sizeof text, pipe_.get()) == nullptr) return "(it ended)";
        return text;
    }
    std::string rest() {
        std::string all;
        char text[1024];
        while (std::fgets(text, sizeof text, pipe_.get()) != nullptr) all += text;
        return all;
    }

  private:
    std::unique_ptr<FILE, int (*)(FILE*)> pipe_;
};

}  // namespace procession::testing
