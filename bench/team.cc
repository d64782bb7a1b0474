// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "team.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "os/futex.h"
#include "procession/process.h"

namespace procession::bench {

using namespace detail;

namespace {

using Clock = std::chrono::steady_clock;  // one clock for all processes

constexpr unsigned kSecondsMax = 60;

std::array<char, 128> doing{};

extern "C" void give_up(int /*signal*/) {
    constexpr std::string_view text = "no progress for a minute, giving up at: ";
    // Nothing can be done about a failure here.
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0 ||
        ::write(STDERR_FILENO, doing.data(), ::strnlen(doing.data(), doing.size())) < 0 ||
        ::write(STDERR_FILENO, "\n", 1) < 0) {
        ::_exit(125);
    }
    ::_exit(124);
}

struct Slot {
    std::atomic<std::int64_t> ended;
    std::atomic<std::uint64_t> result;
};

/// Where the members meet before they start.
struct Gate {
    std::atomic<std::uint32_t> waiting;
    std::atomic<std::uint32_t> open;

    void pass() {
        waiting.fetch_add(1);
        os::futex_wake(waiting, 1);
        while (open.load() == 0) os::futex_wait(open, 0, std::chrono::seconds(1));
    }
};

void stay_on(int index) {
    const int cpu = allowed_cpus().at(static_cast<std::size_t>(index));
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    CPU_SET(cpu, &wanted);
    if (::sched_setaffinity(0, sizeof wanted, &wanted) != 0) {
        throw std::runtime_error("cannot stay on cpu " + std::to_string(cpu));
    }
}

void require_success(Process& process) {
    const int code = process.exit_code().value_or(0);
    if (code != 0) {
        throw std::runtime_error(process.name() + " failed with exit code " + std::to_string(code));
    }
}

/// Returns the moment of the start.
Clock::time_point open_for_all(Gate& gate, std::vector<Process>& team) {
    for (;;) {
        const std::uint32_t waiting = gate.waiting.load();
        if (waiting == team.size()) break;
        os::futex_wait(gate.waiting, waiting, std::chrono::milliseconds(100));
        for (Process& process : team) require_success(process);
    }
    const auto started = Clock::now();
    gate.open.store(1);
    os::futex_wake(gate.open, INT32_MAX);
    return started;
}

// In the order in which they end, so that a failure is seen while the others still wait for it.
void join_all(std::vector<Process>& team) {
    std::vector<pollfd> running;
    running.reserve(team.size());
    for (const Process& process : team) running.push_back({process.sentinel(), POLLIN, 0});
    for (std::size_t left = team.size(); left > 0;) {
        if (::poll(running.data(), running.size(), -1) <= 0) continue;
        for (std::size_t i = 0; i < team.size(); ++i) {
            if (running[i].revents == 0) continue;
            team[i].join();
            require_success(team[i]);
            running[i].fd = -1;  // poll() passes over it
            running[i].revents = 0;
            --left;
        }
    }
}

}  // namespace

std::vector<int> allowed_cpus() {
    cpu_set_t allowed;
    std::vector<int> cpus;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
    }
    return cpus;
}

void expect_progress(const std::string& name) {
    struct sigaction action{};
    action.sa_handler = give_up;
    ::sigaction(SIGALRM, &action, nullptr);
    std::fill(doing.begin(), doing.end(), '\0');
    name.copy(doing.data(), doing.size() - 1);
    ::alarm(kSecondsMax);
}

Round run_round(const std::string& name, std::span<const Member> members) {
    expect_progress(name);
    const SharedArray<Gate> gate(1);
    const SharedArray<Slot> slots(members.size());
    std::vector<Process> team;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const ProcessOptions options{
            .name = name + " #" + std::to_string(i), .daemon = true, .die_with_parent = true};
        team.emplace_back(fork, options, [&, i] {
            if (members[i].cpu != kAnyCpu) stay_on(members[i].cpu);
            if (members[i].prepare) members[i].prepare();
            gate[0].pass();
            const std::uint64_t result = members[i].work();
            slots[i].ended.store(Clock::now().time_since_epoch().count());
            slots[i].result.store(result);
            if (members[i].leave) members[i].leave();
        });
    }
    const auto started = open_for_all(gate[0], team);
    join_all(team);
    ::alarm(0);
    Round round;
    auto ended = started;
    for (const Slot& slot : slots.all()) {
        ended = std::max(ended, Clock::time_point(Clock::duration(slot.ended.load())));
        round.result += slot.result.load();
    }
    round.seconds = std::chrono::duration<double>(ended - started).count();
    return round;
}

}  // namespace procession::bench
