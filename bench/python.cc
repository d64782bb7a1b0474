// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "python.h"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <stdexcept>

#include "team.h"

namespace procession::bench {

namespace {

constexpr const char* kPython = "/usr/bin/python3";

std::string output_of(const std::string& command) {
    std::fflush(nullptr);
    FILE* stream = ::popen(command.c_str(), "r");
    if (stream == nullptr) throw std::runtime_error("cannot run " + command);
    std::string output;
    for (int letter = std::fgetc(stream); letter != EOF; letter = std::fgetc(stream)) {
        output += static_cast<char>(letter);
    }
    if (::pclose(stream) != 0) throw std::runtime_error(command + " failed");
    return output;
}

std::string cpu_number(Role role, Placement placement) {
    const int index = cpu_for(role, placement);
    if (index == kAnyCpu) return "any";
    return std::to_string(allowed_cpus().at(static_cast<std::size_t>(index)));
}

}  // namespace

std::string python_version() {
    try {
        std::string text = output_of(std::string(kPython) + " --version 2>/dev/null");
        text.erase(std::min(text.find('\n'), text.size()));
        return "C" + text;
    } catch (const std::runtime_error&) {
        return {};
    }
}

std::map<std::string, std::string> run_python(const std::string& script,
                                              const std::vector<std::string>& arguments) {
    // -B: nothing is written beside the scripts.
    std::string command =
        "exec " + std::string(kPython) + " -B '" + PROCESSION_BENCH_FOLDER "/" + script + "'";
    for (const std::string& argument : arguments) command += " '" + argument + "'";
    std::istringstream output(output_of(command));
    std::map<std::string, std::string> words;
    for (std::string word; output >> word;) {
        const std::size_t sign = word.find('=');
        if (sign != std::string::npos) words[word.substr(0, sign)] = word.substr(sign + 1);
    }
    return words;
}

double python_throughput(bool joinable, const Case& which, Placement placement,
                         std::uint64_t items) {
    expect_progress(joinable ? kPythonJoinableName : kPythonQueueName);
    const auto words = run_python(
        "python_peer.py",
        {"throughput", joinable ? "JoinableQueue" : "Queue", std::to_string(which.bytes),
         std::to_string(which.members), std::to_string(which.capacity), std::to_string(items),
         cpu_number(Role::producer, placement), cpu_number(Role::consumer, placement)});
    return static_cast<double>(items) / std::stod(words.at("seconds"));
}

std::vector<double> python_round_trips(Placement placement, std::uint64_t trips) {
    expect_progress(kPythonQueueName);
    const auto words = run_python("python_peer.py", {"round_trip", std::to_string(trips),
                                                     cpu_number(Role::producer, placement),
                                                     cpu_number(Role::consumer, placement)});
    std::vector<double> seconds;
    std::istringstream numbers(words.at("seconds"));
    for (std::string number; std::getline(numbers, number, ',');) {
        seconds.push_back(std::stod(number));
    }
    return seconds;
}

}  // namespace procession::bench
