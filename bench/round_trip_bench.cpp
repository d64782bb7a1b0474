// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// How long 64 bytes take to another process and back, through two queues. The scheduler decides
// most of it, so the two processes are also pinned: to one cpu each, and both to one.

#include <chrono>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "contestants.h"
#include "machine.h"
#include "peers/peers.h"
#include "placement.h"
#include "python.h"
#include "report.h"
#include "shared_word.h"
#include "team.h"
#include "versions.h"

namespace procession::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kWarmUp = 200;
constexpr Case kCase{.bytes = 64, .capacity = 16};

struct Lane {
    std::string name;
    std::function<std::vector<double>(Placement, std::uint64_t trips)> measure;  // seconds
    std::vector<double> p50 = {};                                                // one a round
    std::vector<double> p99 = {};
    std::vector<double> p999 = {};
    std::vector<double> all = {};  // trips of all rounds
};

std::vector<double> measure_round(Contestant& there, Contestant& back, Placement placement,
                                  std::uint64_t trips) {
    const SharedArray<double> seconds(trips);
    const auto ping = [&] {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < kWarmUp + trips; ++i) {
            const auto start = Clock::now();
            there.put(i);
            sum += back.take();
            const std::chrono::duration<double> took = Clock::now() - start;
            if (i >= kWarmUp) seconds[i - kWarmUp] = took.count();
        }
        return sum;
    };
    const auto pong = [&] {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < kWarmUp + trips; ++i) {
            sum += there.take();
            back.put(i);
        }
        return std::uint64_t{0} - sum;  // what came back is what went there
    };
    const auto prepare = [&](Role first, Role second) {
        there.prepare({first, 0});
        back.prepare({second, 0});
    };
    const auto leave = [&] {
        there.leave();
        back.leave();
    };
    const std::vector<Member> members{{[&] { prepare(Role::producer, Role::consumer); }, ping,
                                       cpu_for(Role::producer, placement), leave},
                                      {[&] { prepare(Role::consumer, Role::producer); }, pong,
                                       cpu_for(Role::consumer, placement), leave}};
    const std::string name = "round trip, " + there.name() + ", " + show(placement);
    if (run_round(name, members).result != 0) {
        throw std::runtime_error(name + ": what came back is not what was sent");
    }
    return {seconds.all().begin(), seconds.all().end()};
}

Contestants make_all(Placement placement) {
    Contestants all = make_ours(kCase);
    for (auto& peer : make_peers(kCase)) all.push_back(std::move(peer));
    using std::chrono::microseconds;
    all.push_back(std::make_unique<SharedWord>("futex (limit)", microseconds(0)));
    all.push_back(std::make_unique<SharedWord>(kSpinThenFutexName, microseconds(5)));
    // On one cpu the polling end only wastes the other's time.
    if (placement != Placement::one_cpu && allowed_cpus().size() > 1) {
        all.push_back(std::make_unique<SharedWord>("spinning (limit)", SharedWord::kForEver));
    }
    return all;
}

std::vector<Lane> make_lanes(const Contestants& there, const Contestants& back) {
    std::vector<Lane> lanes;
    lanes.reserve(there.size() + 1);
    auto other = back.begin();
    for (const auto& one : there) {
        lanes.push_back({one->name(), [to = one.get(), from = (other++)->get()](
                                          Placement placement, std::uint64_t trips) {
                             return measure_round(*to, *from, placement, trips);
                         }});
    }
    if (!python_version().empty()) lanes.push_back({kPythonQueueName, python_round_trips});
    return lanes;
}

void add_round(Lane& lane, const std::vector<double>& seconds) {
    lane.p50.push_back(percentile(seconds, 0.5));
    lane.p99.push_back(percentile(seconds, 0.99));
    lane.p999.push_back(percentile(seconds, 0.999));
    lane.all.insert(lane.all.end(), seconds.begin(), seconds.end());
}

std::vector<Lane> measure(Placement placement, const Settings& settings) {
    const Contestants there = make_all(placement);
    const Contestants back = make_all(placement);
    std::vector<Lane> lanes = make_lanes(there, back);
    const std::uint64_t trips = settings.quick ? 1000 : 4000;
    for (std::size_t round = 0; round <= settings.rounds; ++round) {
        for (std::size_t i = 0; i < lanes.size(); ++i) {
            Lane& lane = lanes[(i + round) % lanes.size()];
            announce(std::string("round trip, ") + show(placement) + ", " + lane.name);
            const auto seconds = lane.measure(placement, trips);
            if (round > 0) add_round(lane, seconds);  // memory is touched in the first one
        }
    }
    return lanes;
}

const std::vector<double>& p50_of(const std::vector<Lane>& lanes, const char* name) {
    static const std::vector<double> none;
    for (const Lane& lane : lanes) {
        if (lane.name == name) return lane.p50;
    }
    return none;
}

/// For drawing: nearer and nearer to 100 %.
std::vector<double> shares() {
    std::vector<double> all;
    for (double rest = 1; rest > 0.0001; rest *= 0.93) all.push_back(1 - rest);
    return all;
}

void report(Placement placement, const std::vector<Lane>& lanes, Table& table, JsonReport& json) {
    for (const Lane& lane : lanes) {
        const auto ratio_to = [&](const char* peer) {
            return show_ratio(paired_ratio(lane.p50, p50_of(lanes, peer)));
        };
        table.add({show(placement), lane.name, show_time(median(lane.p50)),
                   show_time(median(lane.p99)), show_time(median(lane.p999)), ratio_to(kBoostName),
                   ratio_to(kPipeName), ratio_to(kSpinThenFutexName)});
        json.record()
            .set("case", show(placement))
            .set("placement", show(placement))
            .set("what", lane.name)
            .set("p50_s", median(lane.p50))
            .set("p99_s", median(lane.p99))
            .set("p999_s", median(lane.p999))
            .set("rounds", lane.p50)
            .set("rounds_p99", lane.p99)
            .set("shares", shares())
            .set("quantiles_s", percentiles(lane.all, shares()));
    }
    table.gap();
}

int run(const Settings& settings) {
    std::printf("Round trip of 64 bytes: %s\n%s\n", machine().c_str(), versions().c_str());
    std::printf(
        "Two queues, two processes. Medians of %zu alternated rounds; ratios of p50, less than 1 "
        "is\nfaster than that peer. \"free\": where the scheduler puts them. The limits are one "
        "shared word,\nno queue.\n%s\n",
        settings.rounds, missing_peers().c_str());
    Table table(
        2, {"processes on", "what", "p50", "p99", "p99.9", "x Boost", "x pipe", "x spin+futex"});
    JsonReport json("round_trip", settings);
    for (const auto placement : {Placement::free, Placement::two_cpus, Placement::one_cpu}) {
        if (!is_possible(placement) || !settings.wants(show(placement))) continue;
        report(placement, measure(placement, settings), table, json);
    }
    return conclude(table, json, settings);
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    return procession::bench::run_benchmark(
        argc, argv, "round_trip_bench",
        "The time of 64 bytes to another process and back through two queues, beside the queues "
        "of\nothers and a bare futex.",
        procession::bench::run);
}
