// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// The SHA-256 of 20,000 small files: treesum beside the usual pipeline.

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "machine.h"
#include "report.h"
#include "team.h"
#include "tree.h"

namespace procession::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kPipelineName = "find | xargs -P2 sha256sum";

struct Way {
    std::string name;
    std::string command;  // for sh; the tree is its $1
    std::vector<double> seconds = {};
};

std::vector<Way> all_ways() {
    std::vector<Way> all;
#ifdef PROCESSION_BENCH_TREESUM
    all.push_back({"treesum", "exec '" PROCESSION_BENCH_TREESUM "' --progress never \"$1\""});
#endif
    all.push_back(
        {kPipelineName, "find \"$1\" -type f -print0 | LC_ALL=C xargs -P2 -0 -n 64 sha256sum"});
    return all;
}

double seconds_of(const Way& way, const Tree& tree) {
    expect_progress(way.name);
    std::string shell = "/bin/sh";
    std::string option = "-c";
    // treesum writes a summary to stderr.
    std::string command = "exec >/dev/null 2>&1; " + way.command;
    std::string name = "sh";
    std::string root = tree.root();
    std::array<char*, 6> arguments{shell.data(), option.data(), command.data(),
                                   name.data(),  root.data(),   nullptr};
    const auto begin = Clock::now();
    pid_t child = 0;
    const int failed =
        ::posix_spawn(&child, shell.c_str(), nullptr, nullptr, arguments.data(), environ);
    if (failed != 0) throw std::system_error(failed, std::system_category(), shell);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw std::system_error(errno, std::system_category(), "waitpid");
    }
    if (status != 0) throw std::runtime_error(way.name + " failed");
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

void report(const Way& way, const Way& pipeline, const Tree& tree, Table& table, JsonReport& json) {
    const double time = median(way.seconds);
    table.add({way.name, show_time(time), show_time(percentile(way.seconds, 0)),
               show_time(percentile(way.seconds, 1)),
               show_rate(static_cast<double>(tree.files()) / time),
               show_ratio(paired_ratio(pipeline.seconds, way.seconds))});
    json.record()
        .set("case", way.name)
        .set("what", way.name)
        .set("files", static_cast<double>(tree.files()))
        .set("bytes", tree.bytes())
        .set("seconds", time)
        .set("rounds", way.seconds);
}

int run(const Settings& settings) {
    std::printf("SHA-256 of a tree of files: %s\n", machine().c_str());
    announce("making a tree");
    const Tree tree(settings.quick ? 4'000 : 20'000);
    std::printf(
        "%zu files, %.0f MB, in the cache of the system. Medians of %zu alternated rounds; the "
        "ratio "
        "is the\npipeline's time to this one's, more than 1 is faster. Output goes to /dev/null; "
        "treesum's is sorted.\n\n",
        tree.files(), tree.bytes() / 1e6, settings.rounds);
    std::vector<Way> ways;
    for (Way& way : all_ways()) {
        if (settings.wants(way.name)) ways.push_back(std::move(way));
    }
    for (const Way& way : ways) static_cast<void>(seconds_of(way, tree));
    for (std::size_t round = 0; round < settings.rounds; ++round) {
        for (std::size_t i = 0; i < ways.size(); ++i) {
            Way& way = ways[(i + round) % ways.size()];
            announce(way.name);
            way.seconds.push_back(seconds_of(way, tree));
        }
    }
    Table table(1, {"what", "time", "lowest", "highest", "files/s", "x pipeline"});
    JsonReport json("treesum", settings);
    for (const Way& way : ways) report(way, ways.back(), tree, table, json);
    return conclude(table, json, settings);
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    return procession::bench::run_benchmark(
        argc, argv, "treesum_bench",
        "The time of treesum over a tree of 20,000 files (--quick: 4,000), beside that of\n"
        "find | xargs -P2 -0 -n 64 sha256sum. The tree is made in $TMPDIR and removed.",
        procession::bench::run);
}
