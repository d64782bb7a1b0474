// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "contestants.h"
#include "placement.h"

namespace procession::bench {

inline constexpr const char* kPythonQueueName = "Python Queue";
inline constexpr const char* kPythonJoinableName = "Python JoinableQueue";

/// "CPython 3.11.2", or nothing where there is no /usr/bin/python3.
[[nodiscard]] std::string python_version();

/// Runs a script of this folder, which prints one line of words "name=value".
/// Throws: std::runtime_error when it fails.
[[nodiscard]] std::map<std::string, std::string> run_python(
    const std::string& script, const std::vector<std::string>& arguments);

/// Items a second through multiprocessing.Queue, or through its JoinableQueue with task_done().
[[nodiscard]] double python_throughput(bool joinable, const Case& which, Placement placement,
                                       std::uint64_t items);
/// The seconds that each of `trips` round trips of 64 bytes took.
[[nodiscard]] std::vector<double> python_round_trips(Placement placement, std::uint64_t trips);

}  // namespace procession::bench
