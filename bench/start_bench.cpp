// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// What it costs to start a process that does nothing and to wait for its end, from a parent with
// little memory and from one with 1 GiB, beside the bare calls of the system.

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "machine.h"
#include "procession/init.h"
#include "procession/process.h"
#include "report.h"
#include "team.h"
#include "versions.h"

namespace procession::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// Memory of this process that has been written to, in small pages, as a heap has it: huge ones
/// would make fork much cheaper.
class Resident {
  public:
    explicit Resident(std::size_t bytes) : bytes_(bytes) {
        if (bytes_ == 0) return;
        memory_ =
            ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory_ == MAP_FAILED) throw std::bad_alloc();
        ::madvise(memory_, bytes_, MADV_NOHUGEPAGE);
        std::memset(memory_, 1, bytes_);
    }
    Resident(const Resident&) = delete;
    Resident& operator=(const Resident&) = delete;
    ~Resident() {
        if (bytes_ != 0) ::munmap(memory_, bytes_);
    }

  private:
    std::size_t bytes_;
    void* memory_ = nullptr;
};

void nothing() {}

void wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw std::system_error(errno, std::system_category(), "waitpid");
    }
    if (status != 0) throw std::runtime_error("a child failed");
}

void bare_fork() {
    const pid_t child = ::fork();
    if (child < 0) throw std::system_error(errno, std::system_category(), "fork");
    if (child == 0) ::_exit(0);
    wait_for(child);
}

void bare_spawn(const char* program, const char* argument) {
    std::string path = program;
    std::string option = argument;
    std::array<char*, 3> arguments{path.data(), option.empty() ? nullptr : option.data(), nullptr};
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, program, nullptr, nullptr, arguments.data(), environ);
    if (failed != 0) throw std::system_error(failed, std::system_category(), program);
    wait_for(child);
}

constexpr const char* kEndAtOnce = "--end-at-once";
constexpr const char* kThisProgram = "/proc/self/exe";

struct Way {
    std::string name;
    std::function<void()> start_and_join;
    std::string beside;           // the name of the bare call it is compared with
    std::vector<double> seconds;  // one a round: the median of its starts
};

std::vector<Way> all_ways() {
    return {
        {"Process, fork", [] { Process(fork, nothing).join(); }, "fork + waitpid", {}},
        {"fork + waitpid", bare_fork, "fork + waitpid", {}},
        {"Process, spawn", [] { Process(spawn, nothing).join(); }, "posix_spawn of itself", {}},
        {"Process, forkserver", [] { Process(forkserver, nothing).join(); }, "fork + waitpid", {}},
        {"posix_spawn of itself",
         [] { bare_spawn(kThisProgram, kEndAtOnce); },
         "posix_spawn of itself",
         {}},
        {"posix_spawn /bin/true", [] { bare_spawn("/bin/true", ""); }, "posix_spawn of itself", {}},
    };
}

void measure_round(Way& way, std::size_t starts) {
    announce(way.name);
    expect_progress(way.name);
    std::vector<double> all;
    for (std::size_t i = 0; i < starts; ++i) {
        const auto begin = Clock::now();
        way.start_and_join();
        all.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    }
    way.seconds.push_back(median(std::move(all)));
}

const std::vector<double>& seconds_of(const std::vector<Way>& ways, const std::string& name) {
    for (const Way& way : ways) {
        if (way.name == name) return way.seconds;
    }
    throw std::logic_error("no way to start is called " + name);
}

void measure(std::size_t resident, const Settings& settings, Table& table, JsonReport& json) {
    const std::string parent = resident == 0 ? "small" : show_bytes(resident);
    if (!settings.wants(parent)) return;
    const Resident memory(resident);
    const std::size_t starts = settings.quick ? 5 : 20;
    std::vector<Way> ways = all_ways();
    for (const Way& way : ways) way.start_and_join();
    for (std::size_t round = 0; round < settings.rounds; ++round) {
        for (std::size_t i = 0; i < ways.size(); ++i) {
            measure_round(ways[(i + round) % ways.size()], starts);
        }
    }
    for (const Way& way : ways) {
        const double ratio = paired_ratio(way.seconds, seconds_of(ways, way.beside));
        table.add({parent, way.name, show_time(median(way.seconds)),
                   show_time(percentile(way.seconds, 0)), show_time(percentile(way.seconds, 1)),
                   show_ratio(ratio), way.beside});
        json.record()
            .set("case", parent)
            .set("parent", parent)
            .set("what", way.name)
            .set("seconds", median(way.seconds))
            .set("lowest", percentile(way.seconds, 0))
            .set("highest", percentile(way.seconds, 1))
            .set("ratio", ratio)
            .set("ratio_to", way.beside)
            .set("rounds", way.seconds);
    }
    table.gap();
}

int run(const Settings& settings) {
    std::printf("Start + join of a process that does nothing: %s\n%s\n", machine().c_str(),
                versions().c_str());
    std::printf(
        "Medians of %zu alternated rounds. The parent's memory is in small pages. \"itself\": this "
        "\nprogram, which ends at the first line of main.\n\n",
        settings.rounds);
    Table table(2, {"parent", "what", "time", "lowest", "highest", "ratio", "to"});
    JsonReport json("start", settings);
    for (const std::size_t resident : {std::size_t{0}, std::size_t{1} << 30}) {
        measure(resident, settings, table, json);
    }
    return conclude(table, json, settings);
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == procession::bench::kEndAtOnce) return 0;
    procession::init(argc, argv);
    return procession::bench::run_benchmark(
        argc, argv, "start_bench",
        "The time to start a Process and to join it, by each start method, beside the bare "
        "calls.",
        procession::bench::run);
}
