// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// How many items a second go through a queue, ours beside Boost.Interprocess and a pipe.

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "contestants.h"
#include "report.h"
#include "team.h"

namespace procession::bench {

namespace {

struct Work {
    Case which;
    std::uint64_t items;
    [[nodiscard]] std::string name() const {
        std::string text = show_bytes(which.bytes) + ' ' + processes();
        if (which.batch > 1) text += " batch " + std::to_string(which.batch);
        return text;
    }
    [[nodiscard]] std::string processes() const {
        const std::string members = std::to_string(which.members);
        return members + 'x' + members + (which.pinned ? " pinned" : "");
    }
};

constexpr std::size_t kMiB = std::size_t{1} << 20;

// As many items as take a tenth to a few tenths of a second.
std::vector<Work> all_work() {
    return {
        {{.bytes = 8}, 400'000},
        {{.bytes = 8, .pinned = true}, 400'000},
        {{.bytes = 8, .members = 4}, 400'000},
        {{.bytes = 64}, 400'000},
        {{.bytes = 64, .pinned = true}, 400'000},
        {{.bytes = 64, .members = 4}, 400'000},
        {{.bytes = 64, .batch = 64}, 1'600'000},
        {{.bytes = 64, .batch = 64, .pinned = true}, 1'600'000},
        {{.bytes = 1024}, 200'000},
        {{.bytes = 1024, .pinned = true}, 200'000},
        {{.bytes = 1024, .members = 4}, 200'000},
        {{.bytes = kMiB, .capacity = 16}, 800},
        {{.bytes = kMiB, .pinned = true, .capacity = 16}, 800},
        {{.bytes = kMiB, .members = 4, .capacity = 16}, 800},
    };
}

double measure_round(Contestant& contestant, const Work& work, std::uint64_t items) {
    std::vector<Member> members;
    const std::size_t pairs = work.which.members;
    const auto prepare = [&contestant] { contestant.prepare(); };
    for (std::size_t i = 0; i < pairs; ++i) {
        const auto produce = [&contestant, i, pairs, items] {
            contestant.produce({i, pairs, items / pairs});
            return std::uint64_t{0};
        };
        const auto consume = [&contestant, pairs, items] {
            return contestant.consume(items / pairs);
        };
        members.push_back({prepare, produce, work.which.pinned ? 0 : kAnyCpu});
        members.push_back({prepare, consume, work.which.pinned ? 1 : kAnyCpu});
    }
    const std::string name = work.name() + ' ' + contestant.name();
    const Round round = run_round(name, members);
    if (round.result != expected_checksum(work.which.bytes, items)) {
        throw std::runtime_error(name + ": the checksum of what arrived is wrong");
    }
    return static_cast<double>(items) / round.seconds;
}

struct Measured {
    std::string name;
    std::vector<double> rates;  // one a round
};

std::vector<Measured> measure(const Work& work, const Settings& settings) {
    Contestants contestants = make_ours(work.which);
    for (auto& peer : make_peers(work.which)) contestants.push_back(std::move(peer));
    std::vector<Measured> all;
    for (const auto& contestant : contestants) all.push_back({contestant->name(), {}});
    const std::uint64_t items = settings.quick ? work.items / 4 : work.items;
    // The first round is not counted: it is the one in which memory is touched for the first time.
    for (std::size_t round = 0; round <= settings.rounds; ++round) {
        for (std::size_t i = 0; i < contestants.size(); ++i) {
            // Another one begins each round.
            const std::size_t turn = (i + round) % contestants.size();
            const double rate = measure_round(*contestants[turn], work, items);
            if (round > 0) all[turn].rates.push_back(rate);
        }
    }
    return all;
}

const std::vector<double>& rates_of(const std::vector<Measured>& all, const char* name) {
    static const std::vector<double> none;
    for (const Measured& one : all) {
        if (one.name == name) return one.rates;
    }
    return none;
}

void report(const Work& work, const std::vector<Measured>& all, Table& table, JsonReport& json) {
    for (const Measured& one : all) {
        const double rate = median(one.rates);
        const double lowest = percentile(one.rates, 0);
        const double highest = percentile(one.rates, 1);
        const double to_boost = paired_ratio(one.rates, rates_of(all, kBoostName));
        const double to_pipe = paired_ratio(one.rates, rates_of(all, kPipeName));
        table.add({show_bytes(work.which.bytes), work.processes(), one.name, show_rate(rate),
                   show_rate(lowest), show_rate(highest), show_ratio(to_boost),
                   show_ratio(to_pipe)});
        json.record()
            .set("case", work.name())
            .set("bytes", static_cast<double>(work.which.bytes))
            .set("producers", static_cast<double>(work.which.members))
            .set("consumers", static_cast<double>(work.which.members))
            .set("pinned", work.which.pinned ? 1 : 0)
            .set("batch", static_cast<double>(work.which.batch))
            .set("what", one.name)
            .set("items_per_s", rate)
            .set("lowest", lowest)
            .set("highest", highest)
            .set("ratio_to_boost", to_boost)
            .set("ratio_to_pipe", to_pipe);
    }
    table.gap();
}

int run(const Settings& settings) {
    std::printf("Throughput: %s\n", machine().c_str());
    std::printf(
        "Queue: put + get. JoinableQueue: put + get + done. Medians of %zu alternated rounds; "
        "ratios\nare medians of the ratios within a round, more than 1 is faster than that peer. "
        "\"pinned\": producer\nand consumer stay on a cpu each; otherwise the scheduler decides, "
        "and often puts both on one.\nAt most 1024 items wait (16 of 1 MiB); the pipe holds 1 MiB. "
        "\"many\": put_many and get_many of\n64 items; the pipe then moves 64 a call, Boost has "
        "no such call.\n\n",
        settings.rounds);
    std::fputs(missing_peers().c_str(), stdout);
    Table table(3, {"size", "procs", "what", "items/s", "lowest", "highest", "x Boost", "x pipe"});
    JsonReport json("throughput", settings);
    for (const Work& work : all_work()) {
        if (work.which.pinned && allowed_cpus().size() < 2) continue;
        if (work.name().find(settings.only) == std::string::npos) continue;
        report(work, measure(work, settings), table, json);
    }
    table.require_rows(settings);
    table.print();
    json.write();
    return 0;
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    return procession::bench::run_benchmark(
        argc, argv, "throughput_bench",
        "Items per second through a Queue and a JoinableQueue, beside "
        "Boost.Interprocess\nmessage_queue and a pipe.",
        procession::bench::run);
}
