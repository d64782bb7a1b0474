// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// How long 64 bytes take to another process and back, through two queues. The scheduler decides
// most of it, so the two processes are also pinned: to one cpu each, and both to one.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "contestants.h"
#include "os/park.h"
#include "report.h"
#include "team.h"

namespace procession::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kWarmUp = 200;

/// One message in a shared word. The other end sleeps in the kernel when `sleeps`, else it spins:
/// what there is below every queue.
class WordContestant : public Contestant {
  public:
    explicit WordContestant(bool sleeps) : sleeps_(sleeps), word_(1) {}

    [[nodiscard]] std::string name() const override {
        return sleeps_ ? "futex, no queue" : "spinning, no queue";
    }
    void put(std::uint64_t number) override {
        word_[0].store(static_cast<std::uint32_t>(number) + 1);
        if (sleeps_) os::wake(word_[0], 1);
    }
    std::uint64_t take() override {
        std::uint32_t seen = word_[0].exchange(0);
        while (seen == 0) {
            if (sleeps_) {
                os::park(word_[0], 0, std::chrono::seconds(1));
            } else {
                os::pause();
            }
            seen = word_[0].exchange(0);
        }
        return seen;
    }

  private:
    bool sleeps_;
    SharedArray<std::atomic<std::uint32_t>> word_;
};

enum class Placement { free, two_cpus, one_cpu };

const char* show(Placement placement) {
    switch (placement) {
        case Placement::two_cpus: return "a cpu each";
        case Placement::one_cpu: return "one cpu";
        case Placement::free: break;
    }
    return "free";
}

struct Lane {
    std::unique_ptr<Contestant> there;
    std::unique_ptr<Contestant> back;
    std::vector<double> p50;  // one a round
    std::vector<double> p99;
};

std::vector<Lane> make_lanes(bool can_spin) {
    const Case which{.bytes = 64, .capacity = 16};
    std::vector<Lane> lanes;
    const auto add = [&](Contestants there, Contestants back) {
        for (std::size_t i = 0; i < there.size(); ++i) {
            lanes.push_back({std::move(there[i]), std::move(back[i]), {}, {}});
        }
    };
    add(make_ours(which), make_ours(which));
    add(make_peers(which), make_peers(which));
    lanes.push_back(
        {std::make_unique<WordContestant>(true), std::make_unique<WordContestant>(true), {}, {}});
    // On one cpu the spinning end only wastes the other's time.
    if (can_spin) {
        lanes.push_back({std::make_unique<WordContestant>(false),
                         std::make_unique<WordContestant>(false),
                         {},
                         {}});
    }
    return lanes;
}

void measure_round(Lane& lane, Placement placement, std::uint64_t trips, bool counted) {
    const SharedArray<double> seconds(trips);
    const auto prepare = [&lane] {
        lane.there->prepare();
        lane.back->prepare();
    };
    const bool pinned = placement != Placement::free;
    const int here = pinned ? 0 : kAnyCpu;
    const int there = placement == Placement::two_cpus ? 1 : here;
    const auto ping = [&] {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < kWarmUp + trips; ++i) {
            const auto start = Clock::now();
            lane.there->put(i);
            sum += lane.back->take();
            const std::chrono::duration<double> took = Clock::now() - start;
            if (i >= kWarmUp) seconds[i - kWarmUp] = took.count();
        }
        return sum;
    };
    const auto pong = [&] {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < kWarmUp + trips; ++i) {
            sum += lane.there->take();
            lane.back->put(i);
        }
        return std::uint64_t{0} - sum;  // what came back is what went there
    };
    const std::vector<Member> members{{prepare, ping, here}, {prepare, pong, there}};
    const std::string name = "round trip, " + lane.there->name() + ", " + show(placement);
    if (run_round(name, members).result != 0) {
        throw std::runtime_error(name + ": what came back is not what was sent");
    }
    if (!counted) return;
    const std::vector<double> all(seconds.all().begin(), seconds.all().end());
    lane.p50.push_back(percentile(all, 0.5));
    lane.p99.push_back(percentile(all, 0.99));
}

const std::vector<double>& p50_of(const std::vector<Lane>& lanes, const std::string& name) {
    static const std::vector<double> none;
    for (const Lane& lane : lanes) {
        if (lane.there->name() == name) return lane.p50;
    }
    return none;
}

void report(Placement placement, const std::vector<Lane>& lanes, Table& table, JsonReport& json) {
    for (const Lane& lane : lanes) {
        const double p50 = median(lane.p50);
        const double p99 = median(lane.p99);
        const double to_boost = paired_ratio(lane.p50, p50_of(lanes, kBoostName));
        const double to_pipe = paired_ratio(lane.p50, p50_of(lanes, kPipeName));
        const double to_futex = paired_ratio(lane.p50, p50_of(lanes, "futex, no queue"));
        const std::string name = lane.there->name();
        table.add({show(placement), name, show_time(p50), show_time(p99), show_ratio(to_boost),
                   show_ratio(to_pipe), show_ratio(to_futex)});
        json.record()
            .set("placement", show(placement))
            .set("what", name)
            .set("p50_s", p50)
            .set("p99_s", p99)
            .set("ratio_to_boost", to_boost)
            .set("ratio_to_pipe", to_pipe)
            .set("ratio_to_futex", to_futex);
    }
    table.gap();
}

int run(const Settings& settings) {
    std::printf("Round trip of 64 bytes: %s\n", machine().c_str());
    std::printf(
        "Two queues, two processes. Medians of %zu alternated rounds; ratios of p50, less than 1 "
        "is\nfaster than that peer. \"free\": where the scheduler puts them.\n\n",
        settings.rounds);
    std::fputs(missing_peers().c_str(), stdout);
    Table table(2, {"processes on", "what", "p50", "p99", "x Boost", "x pipe", "x futex"});
    JsonReport json("round_trip", settings);
    const std::uint64_t trips = settings.quick ? 500 : 2000;
    for (const auto placement : {Placement::free, Placement::two_cpus, Placement::one_cpu}) {
        if (std::string(show(placement)).find(settings.only) == std::string::npos) continue;
        const bool can_spin = placement != Placement::one_cpu && allowed_cpus().size() > 1;
        if (placement == Placement::two_cpus && !can_spin) continue;
        std::vector<Lane> lanes = make_lanes(can_spin);
        for (std::size_t round = 0; round <= settings.rounds; ++round) {
            for (std::size_t i = 0; i < lanes.size(); ++i) {
                measure_round(lanes[(i + round) % lanes.size()], placement, trips, round > 0);
            }
        }
        report(placement, lanes, table, json);
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
        argc, argv, "round_trip_bench",
        "The time of 64 bytes to another process and back through two queues, beside "
        "Boost.Interprocess\nmessage_queue, a pipe, and a bare futex.",
        procession::bench::run);
}
