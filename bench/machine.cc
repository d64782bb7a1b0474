// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace procession::bench {

namespace {

/// "AMD EPYC 9R14", or nothing.
std::string processor() {
    std::ifstream facts("/proc/cpuinfo");
    for (std::string line; std::getline(facts, line);) {
        if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2) + ", ";
    }
    return {};
}

}  // namespace

std::string machine() {
    utsname names{};
    ::uname(&names);
    std::array<double, 3> load{};
    if (::getloadavg(load.data(), 3) < 1) load[0] = 0;
    std::array<char, 64> load_text;
    std::snprintf(load_text.data(), load_text.size(), "%.1f", load[0]);
    return processor() + std::to_string(std::thread::hardware_concurrency()) + " cpus, Linux " +
           names.release + ", load " + load_text.data();
}

bool is_seen_at_once() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace procession::bench
