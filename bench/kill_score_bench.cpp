// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What is left of a queue whose users are killed, ours and others'.

#include <charconv>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "kill_contestants.h"
#include "kill_storm.h"
#include "machine.h"
#include "peers/peers.h"
#include "python.h"
#include "report.h"
#include "versions.h"

namespace procession::bench {

namespace {

constexpr const char* kPythonName = "Python multiprocessing.Queue";

std::uint64_t kills_wanted = 200;

KillStormPlan plan_of(const Settings& settings) {
    KillStormPlan plan;
    plan.kills = kills_wanted;
    // Six contestants: below three minutes, and below 40 seconds.
    plan.seconds_max = settings.quick ? 4 : 22;
    return plan;
}

KillScore run_python_storm(const KillStormPlan& plan) {
    const auto words = run_python(
        "kill_score_python.py",
        {std::to_string(plan.kills), std::to_string(plan.seconds_max), std::to_string(plan.seed)});
    const auto number = [&](const char* name) { return std::stoull(words.at(name)); };
    KillScore score;
    score.kills = number("kills");
    score.committed = number("committed");
    score.all_stuck = number("all_stuck");
    score.some_stuck = number("some_stuck");
    score.first_stuck = number("first_stuck");
    score.lost = number("lost");
    score.stranded = number("stranded");
    score.in_hand = number("in_hand");
    score.twice = number("twice");
    score.torn = number("torn");
    score.failed = number("failed");
    score.seconds = std::stod(words.at("seconds"));
    return score;
}

void report(const std::string& name, const KillScore& score, Table& table, JsonReport& json) {
    const auto show = [](std::uint64_t number) { return std::to_string(number); };
    table.add({name, show(score.kills), show(score.committed), show(score.all_stuck),
               show(score.some_stuck), score.first_stuck == 0 ? "never" : show(score.first_stuck),
               show(score.stranded), show(score.lost), show(score.in_hand), show(score.twice),
               show(score.torn), show(score.failed)});
    const auto as_number = [](std::uint64_t value) { return static_cast<double>(value); };
    json.record()
        .set("case", name)
        .set("what", name)
        .set("kills", as_number(score.kills))
        .set("committed", as_number(score.committed))
        .set("all_stuck", as_number(score.all_stuck))
        .set("some_stuck", as_number(score.some_stuck))
        .set("kills_to_first_stuck",
             score.first_stuck == 0 ? std::nan("") : as_number(score.first_stuck))
        .set("stranded", as_number(score.stranded))
        .set("lost", as_number(score.lost))
        .set("in_hand", as_number(score.in_hand))
        .set("twice", as_number(score.twice))
        .set("torn", as_number(score.torn))
        .set("failed", as_number(score.failed))
        .set("seconds", score.seconds);
}

int run(const Settings& settings) {
    const KillStormPlan plan = plan_of(settings);
    const bool has_python = !python_version().empty();
    std::printf("When processes are killed: %s\n%s\n%s", machine().c_str(), versions().c_str(),
                missing_peers().c_str());
    std::printf(
        "Two producers and two consumers of 256-byte items, at most 10 waiting. %llu SIGKILLs, or "
        "as many as\n%.0f s allow: one process after the other, now and then all four; each is "
        "started again.\n"
        "all stuck: nobody made progress for 1 s; some stuck: somebody made none for 2 s. Then the "
        "bench\nmakes a fresh queue, and what was left in the old one is stranded. lost: put() had "
        "returned, the\nqueue went on, the item never came. in hand: gone with a consumer that was "
        "taking it. twice:\ncame again though finished. torn: came, but not as it was put. failed: "
        "participants that an error\nor a crash ended.\n\n",
        static_cast<unsigned long long>(plan.kills), plan.seconds_max);
    Table table(1, {"what", "kills", "put", "all stuck", "some stuck", "first after", "stranded",
                    "lost", "in hand", "twice", "torn", "failed"});
    JsonReport json("kill_score", settings);
    for (const KillEntry& entry : kill_contestants()) {
        if (!settings.wants(entry.name)) continue;
        announce("kill score, " + entry.name);
        report(entry.name, run_kill_storm(entry, plan), table, json);
    }
    if (has_python && settings.wants(kPythonName)) {
        report(kPythonName, run_python_storm(plan), table, json);
    }
    return conclude(table, json, settings);
}

// Takes --kills N out of the arguments.
std::vector<char*> without_kills(int argc, char** argv) {
    std::vector<char*> rest;
    for (int i = 0; i < argc; ++i) {
        if (std::string(argv[i]) != "--kills") {
            rest.push_back(argv[i]);
            continue;
        }
        const std::string text = i + 1 < argc ? argv[++i] : "";
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), kills_wanted);
        const bool is_number = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
        if (!is_number || kills_wanted == 0 || kills_wanted > 1'000'000) {
            throw std::invalid_argument("--kills is '" + text +
                                        "'; a number from 1 to 1000000 is allowed");
        }
    }
    rest.push_back(nullptr);
    return rest;
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    std::vector<char*> arguments;
    try {
        arguments = procession::bench::without_kills(argc, argv);
    } catch (const std::invalid_argument& refused) {
        std::fprintf(stderr, "kill_score_bench: %s\n", refused.what());
        return 2;
    }
    return procession::bench::run_benchmark(
        static_cast<int>(arguments.size()) - 1, arguments.data(), "kill_score_bench",
        "What is left of a queue whose processes are killed: a JoinableQueue and a Queue, beside\n"
        "Boost.Interprocess message_queue, a ring with a robust mutex, a POSIX message queue and\n"
        "Python's multiprocessing.Queue. One more option: --kills N (200); --rounds means nothing "
        "here,\nand --quick gives each of them 4 seconds at most.",
        procession::bench::run);
}
