// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

namespace treesum {

namespace mp = procession;

namespace {

constexpr unsigned kWorkersMax = 512;
constexpr unsigned kChaosMax = 1000;
constexpr int kUsageError = 2;

std::string whole_number(const std::string& given, unsigned least, unsigned most) {
    const bool digits =
        !given.empty() && given.size() < 10 &&
        std::all_of(
            given.begin(), given.end(), [](char each) { return each >= '0' && each <= '9'; });
    if (digits && std::stoul(given) >= least && std::stoul(given) <= most) return {};
    return "'" + given + "' is not allowed; use a whole number from " + std::to_string(least) +
           " to " + std::to_string(most);
}

std::string one_of(const std::string& given, const std::vector<std::string>& allowed) {
    std::string list;
    for (const std::string& each : allowed) {
        if (each == given) return {};
        list += (list.empty() ? "" : ", ") + each;
    }
    return "'" + given + "' is not allowed; use one of: " + list;
}

}  // namespace

std::optional<Options> parse(std::vector<std::string> arguments, int& status) {
    Options options;
    options.workers = std::clamp(std::thread::hardware_concurrency(), 1U, kWorkersMax);
    options.method = procession::get_start_method();
    std::string method(procession::name_of(options.method));
    std::string progress = "auto";
    const auto there = procession::get_all_start_methods();
    std::vector<std::string> methods;
    for (const auto each :
         {mp::StartMethod::fork, mp::StartMethod::spawn, mp::StartMethod::forkserver}) {
        if (std::find(there.begin(), there.end(), each) != there.end())
            methods.emplace_back(mp::name_of(each));
    }
    const std::vector<std::string> moments{"always", "never", "auto"};

    CLI::App app(
        "SHA-256 of every regular file at and below DIR, by several processes. Prints what\n"
        "    find DIR -type f -print0 | LC_ALL=C sort -z | xargs -r0 sha256sum\n"
        "prints. Exit status: 0; 1 when something could not be read; 2 for a wrong argument.",
        "treesum");
    app.add_option("DIR", options.folder,
                   "a directory or a file; " + options.folder + " if none is given");
    app.add_option("--workers", options.workers, "worker processes; one for each processor")
        ->type_name("N")
        ->check([](const std::string& given) { return whole_number(given, 1, kWorkersMax); });
    app.add_option("--start-method", method,
                   "how workers are started: fork, spawn or forkserver; " + method)
        ->type_name("METHOD")
        ->check([&](const std::string& given) { return one_of(given, methods); });
    app.add_flag("--json", options.json,
                 "one JSON document: {\"files\": [...], \"summary\": {...}}");
    app.add_option("--chaos", options.chaos,
                   "SIGKILL a random worker N times a second, as far as there are live ones, and "
                   "start another; the output stays the same")
        ->type_name("N")
        ->check([](const std::string& given) { return whole_number(given, 0, kChaosMax); });
    app.add_option("--progress", progress,
                   "the live line on stderr: always, never, or auto (when it is a terminal)")
        ->type_name("WHEN")
        ->check([&](const std::string& given) { return one_of(given, moments); });
    try {
        // CLI11 wants them without the program, the last one first.
        arguments.erase(arguments.begin());
        std::reverse(arguments.begin(), arguments.end());
        app.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
        std::cout << app.help() << std::flush;
        status = std::cout ? 0 : 1;
        return std::nullopt;
    } catch (const CLI::ParseError& wrong) {
        std::fprintf(stderr, "treesum: %s\ntreesum: see treesum --help\n", wrong.what());
        status = kUsageError;
        return std::nullopt;
    }
    options.method = procession::start_method_from_name(method);
    if (progress == "always") options.progress = When::always;
    if (progress == "never") options.progress = When::never;
    return options;
}

}  // namespace treesum
