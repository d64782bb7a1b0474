// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// Our queues and processes on Windows beside what the system itself takes for the same: named
// pipes, events, CreateProcess. By Wine, that is a measure of us; the figures themselves are
// Wine's.

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "machine.h"
#include "os/futex.h"
#include "os/windows/api.h"
#include "procession/init.h"
#include "report.h"
#include "versions.h"
#include "windows/pairs.h"

namespace procession::bench {

using namespace detail;

namespace {

enum class Unit { items_per_second, seconds };

/// One line of a case: measured once a round, in turn with the others.
struct Lane {
    std::string name;
    std::function<Measured(std::uint64_t items)> measure;  // in the case's unit
    std::uint64_t items = 0;                               // of one round
    std::vector<double> figures = {};                      // one a round
    std::uint64_t sum = 0;                                 // of all rounds
};

struct Work {
    std::string name;
    Unit unit = Unit::items_per_second;
    std::uint64_t group = 1;  // items are a multiple of it
    std::uint64_t most = 0;   // items a round
    std::vector<Lane> lanes = {};
    std::vector<std::string> beside =
        {};  // two of the lanes, or one: what the others are compared with
};

template <class End>
Lane rate_lane(const std::string& name, const std::string& what, Cpus cpus, const Case& which) {
    return {what, [=, title = name + ' ' + what](std::uint64_t items) {
                return measure_rate<End>(title, cpus, which, items);
            }};
}

template <class End>
Lane trip_lane(const std::string& name, const std::string& what, Cpus cpus, const Case& which) {
    return {what, [=, title = name + ' ' + what](std::uint64_t trips) {
                return measure_trip<End>(title, cpus, which, trips);
            }};
}

constexpr const char* kPipe = "named pipe";
constexpr const char* kRing = "bare ring (limit)";
constexpr const char* kEvents = "events (limit)";
constexpr const char* kCreate = "CreateProcess (limit)";
constexpr std::uint64_t kItemsMost = 100'000'000;

Work one_at_a_time(Cpus cpus) {
    const Case which{.bytes = 64, .capacity = 1024};
    Work work{.name = std::string("64 B 1x1 ") + show(cpus), .most = kItemsMost};
    work.lanes = {rate_lane<PlainEnd>(work.name, "Queue", cpus, which),
                  rate_lane<JoinableEnd>(work.name, "JoinableQueue", cpus, which),
                  rate_lane<MessagePipeEnd>(work.name, kPipe, cpus, which),
                  rate_lane<BareRingEnd>(work.name, kRing, cpus, which)};
    work.beside = {kPipe, kRing};
    return work;
}

Work batches(Cpus cpus) {
    const Case which{.bytes = 64, .batch = 64, .capacity = 1024};
    Work work{
        .name = std::string("64 B 1x1 batch 64 ") + show(cpus), .group = 64, .most = kItemsMost};
    work.lanes = {rate_lane<PlainManyEnd>(work.name, "Queue, many", cpus, which),
                  rate_lane<JoinableManyEnd>(work.name, "JoinableQueue, many", cpus, which),
                  rate_lane<MessagePipeEnd>(work.name, kPipe, cpus, which),
                  rate_lane<BareRingEnd>(work.name, kRing, cpus, which)};
    work.beside = {kPipe, kRing};
    return work;
}

Work round_trips(Cpus cpus) {
    const Case which{.bytes = 64, .capacity = 16};
    Work work{.name = std::string("round trip 64 B ") + show(cpus),
              .unit = Unit::seconds,
              .group = 16,
              .most = 1'000'000};
    work.lanes = {trip_lane<PlainEnd>(work.name, "Queue", cpus, which),
                  trip_lane<JoinableEnd>(work.name, "JoinableQueue", cpus, which),
                  trip_lane<MessagePipeEnd>(work.name, kPipe, cpus, which),
                  trip_lane<EventEnd>(work.name, kEvents, cpus, which),
                  trip_lane<BareRingEnd>(work.name, kRing, cpus, which)};
    work.beside = {kEvents, kPipe};
    return work;
}

constexpr const wchar_t* kEndAtOnce = L"--end-at-once";

void nothing() {}

/// Seconds of one; its sum is how many there were.
Measured median_of(std::uint64_t times, const std::function<void()>& act) {
    std::vector<double> all;
    for (std::uint64_t i = 0; i < times; ++i) {
        const auto begin = Clock::now();
        act();
        all.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    }
    return {median(std::move(all)), times};
}

Work starts() {
    Work work{.name = "start + join", .unit = Unit::seconds, .most = 10};
    work.lanes = {{"Process, spawn",
                   [](std::uint64_t times) {
                       return median_of(times, [] { Process(spawn, nothing).join(); });
                   }},
                  {kCreate, [](std::uint64_t times) {
                       return median_of(times, [] { create_and_wait(kEndAtOnce); });
                   }}};
    work.beside = {kCreate};
    return work;
}

std::vector<Work> all_work() {
    return {one_at_a_time(Cpus::any), one_at_a_time(Cpus::one), batches(Cpus::any),
            round_trips(Cpus::any),   round_trips(Cpus::one),   starts()};
}

/// So many items that a round of that figure takes about `seconds`.
std::uint64_t items_for(const Work& work, double figure, double seconds) {
    const double rate = work.unit == Unit::seconds ? 1 / figure : figure;
    const double groups = rate * seconds / static_cast<double>(work.group);
    const auto most = static_cast<double>(work.most / work.group);
    return static_cast<std::uint64_t>(std::clamp(groups, 1.0, std::max(most, 1.0))) * work.group;
}

Measured measure_once(const Work& work, const Lane& lane) {
    const std::string name = work.name + ' ' + lane.name;
    announce(name);
    // Under load Wine 8 now and then refuses to start a program (ERROR_INTERNAL_ERROR).
    constexpr int attempts = 5;
    for (int attempt = 1;; ++attempt) {
        expect_progress(name);
        try {
            return lane.measure(lane.items);
        } catch (const std::system_error& refused) {
            if (attempt == attempts || refused.code().value() != ERROR_INTERNAL_ERROR) throw;
            std::fprintf(stderr, "once more: %s\n", refused.what());
        }
    }
}

void measure(Work& work, const Settings& settings) {
    const auto measured = [&](const Lane& lane) { return measure_once(work, lane); };
    const double seconds = settings.quick ? 0.04 : 0.2;
    // Not counted: to find out how many items a round shall have.
    for (Lane& lane : work.lanes) {
        lane.items = items_for(work, work.unit == Unit::seconds ? 1e-3 : 1e3, 1);
        lane.items = items_for(work, measured(lane).figure, seconds);
    }
    for (std::size_t round = 0; round < settings.rounds; ++round) {
        for (std::size_t i = 0; i < work.lanes.size(); ++i) {
            Lane& lane = work.lanes[(i + round) % work.lanes.size()];
            const Measured found = measured(lane);
            lane.figures.push_back(found.figure);
            lane.sum += found.sum;
        }
    }
}

double ratio_to(const Work& work, const Lane& lane, std::size_t which) {
    for (const Lane& other : work.lanes) {
        if (which < work.beside.size() && other.name == work.beside[which])
            return paired_ratio(lane.figures, other.figures);
    }
    return median({});
}

void report(const Work& work, Table& table, JsonReport& json) {
    const auto show_figure = [&](double figure) {
        return work.unit == Unit::seconds ? show_time(figure) : show_rate(figure) + "/s";
    };
    for (const Lane& lane : work.lanes) {
        std::vector<std::string> row{work.name, lane.name, show_figure(median(lane.figures)),
                                     show_figure(percentile(lane.figures, 0)),
                                     show_figure(percentile(lane.figures, 1))};
        json.record().set("case", work.name).set("what", lane.name);
        json.set("items_per_round", static_cast<double>(lane.items))
            .set("sum", std::to_string(lane.sum))  // too large for a number of JSON
            .set(work.unit == Unit::seconds ? "seconds" : "items_per_s", median(lane.figures))
            .set("rounds", lane.figures);
        for (std::size_t i = 0; i < 2; ++i) {
            const double ratio = ratio_to(work, lane, i);
            row.push_back(show_ratio(ratio));
            row.push_back(i < work.beside.size() ? work.beside[i] : "");
            if (i < work.beside.size()) json.set("ratio to " + work.beside[i], ratio);
        }
        table.add(std::move(row));
    }
    table.gap();
}

int run(const Settings& settings) {
    std::printf("Beside the system's own: %s\n%s\n", machine().c_str(), versions().c_str());
    std::printf(
        "Two processes; medians of %zu alternated rounds, ratios within a round. Of rates, more "
        "than 1 is\nfaster than that one; of times, less than 1. \"batch 64\": put_many and "
        "get_many; the pipe moves 64\nitems a message. The limits survive nothing; the ring "
        "polls. Who waits polls for %s first:\nwhat a sleep was found to cost here.\n\n",
        settings.rounds,
        show_time(std::chrono::duration<double>(os::cost_of_sleep()).count()).c_str());
    Table table(2, {"case", "what", "median", "lowest", "highest", "ratio", "to", "ratio", "to"});
    JsonReport json("windows_limits", settings);
    for (Work& work : all_work()) {
        if (!settings.wants(work.name)) continue;
        measure(work, settings);
        report(work, table, json);
    }
    return conclude(table, json, settings);
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--end-at-once") return 0;
    procession::init(argc, argv);
    return procession::bench::run_benchmark(
        argc, argv, "limits_bench",
        "Items per second, round trips and starts of processes, beside named pipes, events and\n"
        "CreateProcess.",
        procession::bench::run);
}
