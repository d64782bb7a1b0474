// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// What a process costs that waits at a queue: cpu time, and how often it wakes up.

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contestants.h"
#include "machine.h"
#include "peers/peers.h"
#include "procession/joinable_queue.h"
#include "procession/process.h"
#include "procession/queue.h"
#include "report.h"
#include "team.h"
#include "versions.h"

namespace procession::bench {

namespace {

/// What the kernel says that a process has used.
struct Usage {
    double cpu_s = 0;
    double sleeps = 0;  // how often it went to sleep by itself
};

Usage usage_of(int pid) {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) {
        throw std::runtime_error("a process that should wait has ended");
    }
    Usage usage{static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec)};
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;) {
        if (word == "voluntary_ctxt_switches:") status >> usage.sleeps;
    }
    return usage;
}

struct Waiter {
    std::string name;
    std::function<void()> wait;  // never returns by itself
    Process process = {};
    Usage before = {};
};

using Queues = std::pair<Queue<std::uint64_t>, JoinableQueue<std::uint64_t>>;

/// Ours, and those peers that sleep while they wait.
std::vector<Waiter> make_waiters(const Queues& empty, const Queues& full,
                                 const Contestants& peers) {
    std::vector<Waiter> all;
    all.push_back({"Queue.get, empty", [&] { static_cast<void>(empty.first.get()); }});
    all.push_back({"JoinableQueue.get, empty", [&] { static_cast<void>(empty.second.get()); }});
    all.push_back({"Queue.put, full", [&] { full.first.put(2); }});
    all.push_back({"JoinableQueue.join", [&] { full.second.join(); }});
    for (const auto& peer : peers) {
        if (peer->name() == kBareRingName || peer->name() == kZeroMqName) continue;
        all.push_back({peer->name(), [one = peer.get()] { one->take(); }});
    }
    return all;
}

void settle(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

void start(Waiter& waiter) {
    const ProcessOptions options{.name = waiter.name, .daemon = true, .die_with_parent = true};
    waiter.process = Process(fork, options, waiter.wait);
}

void report(Waiter& waiter, double seconds, Table& table, JsonReport& json) {
    const Usage after = usage_of(waiter.process.pid());
    const double share = (after.cpu_s - waiter.before.cpu_s) / seconds;
    const double wakeups = (after.sleeps - waiter.before.sleeps) / seconds;
    std::array<char, 32> percent{};
    std::snprintf(percent.data(), percent.size(), "%.4f %%", 100 * share);
    table.add({waiter.name, percent.data(), show_ratio(wakeups)});
    json.record()
        .set("case", waiter.name)
        .set("what", waiter.name)
        .set("seconds", seconds)
        .set("cpu_share", share)
        .set("wakeups_per_s", wakeups);
}

int run(const Settings& settings) {
    const double seconds = settings.quick ? 2 : 10;
    std::printf("Waiting processes: %s\n%s\n", machine().c_str(), versions().c_str());
    std::printf(
        "Each waits for %.0f s, all at the same time: cpu time as a share of one cpu, and how "
        "often "
        "a second it\nwoke up and went to sleep again.\n\n",
        seconds);
    const Queues empty;
    const Queues full{Queue<std::uint64_t>(1), JoinableQueue<std::uint64_t>(1)};
    full.first.put(1);
    full.second.put(1);
    const Contestants peers = make_peers({.bytes = 64, .capacity = 16});
    std::vector<Waiter> waiters;
    for (Waiter& waiter : make_waiters(empty, full, peers)) {
        if (settings.wants(waiter.name)) waiters.push_back(std::move(waiter));
    }
    expect_progress("waiting processes");
    for (Waiter& waiter : waiters) start(waiter);
    settle(0.5);  // until all sleep
    for (Waiter& waiter : waiters) waiter.before = usage_of(waiter.process.pid());
    settle(seconds);
    Table table(1, {"what", "cpu", "wake-ups/s"});
    JsonReport json("idle", settings);
    for (Waiter& waiter : waiters) report(waiter, seconds, table, json);
    for (Waiter& waiter : waiters) waiter.process.kill();
    return conclude(table, json, settings);
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    return procession::bench::run_benchmark(
        argc, argv, "idle_bench",
        "What a process costs that waits in get(), put() or join() for 10 seconds (--quick: 2), "
        "beside\nthose that wait at the queues of others. --rounds means nothing here.",
        procession::bench::run);
}
