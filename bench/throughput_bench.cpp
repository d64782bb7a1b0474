// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// How many items a second go through a queue, ours beside those of others.

#include <algorithm>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "contestants.h"
#include "item.h"
#include "machine.h"
#include "peers/peers.h"
#include "python.h"
#include "report.h"
#include "team.h"
#include "throughput_work.h"
#include "versions.h"

namespace procession::bench {

namespace {

/// One line of a case: measured once a round, in turn with the others.
struct Lane {
    std::string name;
    std::function<double(std::uint64_t items)> measure;  // returns items a second
    std::uint64_t items = 0;                             // of one round
    std::vector<double> rates = {};                      // one a round
};

double measure_round(Contestant& contestant, const ThroughputWork& work, std::uint64_t items) {
    std::vector<Member> members;
    const std::size_t pairs = work.which.members;
    const auto join_in = [&](const Seat& seat, std::function<std::uint64_t()> act) {
        members.push_back({.prepare = [&contestant, seat] { contestant.prepare(seat); },
                           .work = std::move(act),
                           .cpu = cpu_for(seat.role, work.placement),
                           .leave = [&contestant] { contestant.leave(); }});
    };
    for (std::size_t i = 0; i < pairs; ++i) {
        join_in({Role::producer, i}, [&contestant, i, pairs, items] {
            contestant.produce({i, pairs, items / pairs});
            return std::uint64_t{0};
        });
        join_in({Role::consumer, i},
                [&contestant, pairs, items] { return contestant.consume(items / pairs); });
    }
    const std::string name = work.name() + ' ' + contestant.name();
    const Round round = run_round(name, members);
    const std::size_t written = work.is_in_place ? 8 : work.which.bytes;
    if (round.result != expected_checksum(written, items)) {
        throw std::runtime_error(name + ": the checksum of what arrived is wrong");
    }
    return static_cast<double>(items) / round.seconds;
}

std::vector<Lane> make_lanes(const ThroughputWork& work, Contestants& contestants) {
    std::vector<Lane> lanes;
    for (const auto& contestant : contestants) {
        lanes.push_back({contestant->name(), [&work, one = contestant.get()](std::uint64_t items) {
                             return measure_round(*one, work, items);
                         }});
    }
    if (work.is_in_place || work.which.batch > 1 || python_version().empty()) return lanes;
    for (const bool joinable : {false, true}) {
        lanes.push_back({joinable ? kPythonJoinableName : kPythonQueueName,
                         [&work, joinable](std::uint64_t items) {
                             return python_throughput(joinable, work.which, work.placement, items);
                         }});
    }
    return lanes;
}

Contestants make_contestants(const ThroughputWork& work) {
    if (work.is_in_place) return make_in_place(work.which);
    Contestants contestants = make_ours(work.which);
    for (auto& peer : make_peers(work.which)) contestants.push_back(std::move(peer));
    if (work.which.bytes == kMiB) {
        if (auto limit = make_copy_limit(work.which)) contestants.push_back(std::move(limit));
    }
    return contestants;
}

/// So many items that a round takes about `seconds`; the same number for each process and batch.
std::uint64_t items_for(double rate, double seconds, const Case& which) {
    const std::uint64_t unit = which.members * which.batch;
    const auto units = static_cast<std::uint64_t>(rate * seconds / static_cast<double>(unit));
    return std::clamp<std::uint64_t>(units, 1, 100'000'000 / unit) * unit;
}

std::vector<Lane> measure(const ThroughputWork& work, Contestants& contestants,
                          const Settings& settings) {
    std::vector<Lane> lanes = make_lanes(work, contestants);
    const double seconds = settings.quick ? 0.04 : 0.15;
    // Not counted: twice to find out how many items a round shall have. In these rounds memory is
    // touched for the first time, too.
    for (Lane& lane : lanes) {
        const std::uint64_t few = std::clamp<std::uint64_t>(4 * kMiB / work.which.bytes, 16, 1000);
        const double first = lane.measure(items_for(static_cast<double>(few), 1, work.which));
        lane.items = items_for(first, seconds, work.which);
        lane.items = items_for(lane.measure(lane.items), seconds, work.which);
    }
    for (std::size_t round = 0; round < settings.rounds; ++round) {
        for (std::size_t i = 0; i < lanes.size(); ++i) {
            Lane& lane = lanes[(i + round) % lanes.size()];  // another one begins each round
            lane.rates.push_back(lane.measure(lane.items));
        }
    }
    return lanes;
}

const std::vector<double>& rates_of(const std::vector<Lane>& lanes, const char* name) {
    static const std::vector<double> none;
    for (const Lane& lane : lanes) {
        if (lane.name == name) return lane.rates;
    }
    return none;
}

void report(const ThroughputWork& work, const std::vector<Lane>& lanes, Table& table,
            JsonReport& json) {
    for (const Lane& lane : lanes) {
        const double rate = median(lane.rates);
        const auto ratio_to = [&](const char* peer) {
            return show_ratio(paired_ratio(lane.rates, rates_of(lanes, peer)));
        };
        table.add({show_bytes(work.which.bytes), work.processes(), show(work.placement), lane.name,
                   show_rate(rate), show_rate(percentile(lane.rates, 0)),
                   show_rate(percentile(lane.rates, 1)), ratio_to(kBoostName), ratio_to(kRingName),
                   ratio_to(kPipeName)});
        json.record()
            .set("case", work.name())
            .set("bytes", static_cast<double>(work.which.bytes))
            .set("producers", static_cast<double>(work.which.members))
            .set("consumers", static_cast<double>(work.which.members))
            .set("placement", show(work.placement))
            .set("batch", static_cast<double>(work.which.batch))
            .set("in_place", work.is_in_place ? 1 : 0)
            .set("what", lane.name)
            .set("items_per_round", static_cast<double>(lane.items))
            .set("items_per_s", rate)
            .set("rounds", lane.rates);
    }
    table.gap();
}

void introduce(const Settings& settings) {
    std::printf("Throughput: %s\n%s\n", machine().c_str(), versions().c_str());
    std::printf(
        "Queue: put + get of Queue<T>, T an array of that size. JoinableQueue: put + get + done. "
        "\"as bytes\":\nByteQueue. Medians of %zu alternated rounds; ratios are medians of the "
        "ratios within a round, more\nthan 1 is faster than that peer. \"a cpu each\": producer "
        "and consumer stay on a cpu each; \"free\":\nthe scheduler decides. At most 1024 items "
        "wait, and 16 MiB (4 blocks: the memcpy pair); the pipe\nholds 1 MiB, POSIX mq 10 items "
        "of up to 8 KiB. \"batch\": put_many and get_many; the pipe then moves\nseveral a call, "
        "the others have no such call. The bare ring and the memcpy pair are limits: they\npoll, "
        "and no death is survived. See docs/benchmarks.md.\n%s\n",
        settings.rounds, missing_peers().c_str());
}

int run(const Settings& settings) {
    introduce(settings);
    Table table(4, {"size", "procs", "on", "what", "items/s", "lowest", "highest", "x Boost",
                    "x ring", "x pipe"});
    JsonReport json("throughput", settings);
    for (const ThroughputWork& work : all_throughput_work()) {
        if (!is_possible(work.placement) || !settings.wants(work.name())) continue;
        if (settings.quick && settings.only.empty() && !work.is_quick) continue;
        announce(work.name());
        Contestants contestants = make_contestants(work);
        if (contestants.empty()) continue;
        report(work, measure(work, contestants, settings), table, json);
    }
    return conclude(table, json, settings);
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    return procession::bench::run_benchmark(
        argc, argv, "throughput_bench",
        "Items per second through a Queue and a JoinableQueue, beside Boost.Interprocess, the "
        "ring of\nthe textbooks, POSIX message queues, a pipe, SOCK_SEQPACKET, ZeroMQ and Python's "
        "queues.\n--quick leaves cases out; with --case all of them can be chosen.",
        procession::bench::run);
}
