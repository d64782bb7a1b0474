// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What is left of a queue whose users are killed, ours and others'.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "kill_contestants.h"
#include "kill_storm.h"
#include "report.h"

namespace procession::bench {

namespace {

constexpr const char* kPython = "/usr/bin/python3";
constexpr const char* kPythonName = "Python multiprocessing.Queue";

std::uint64_t kills_wanted = 200;

KillStormPlan plan_of(const Settings& settings) {
    KillStormPlan plan;
    plan.kills = kills_wanted;
    // Six contestants: below three minutes, and below 40 seconds.
    plan.seconds_max = settings.quick ? 4 : 22;
    return plan;
}

/// The words "name=value" of a line.
std::map<std::string, std::string> words_of(const std::string& line) {
    std::map<std::string, std::string> words;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find_first_of(" \n", at), line.size());
        const std::string word = line.substr(at, end - at);
        const std::size_t sign = word.find('=');
        if (sign != std::string::npos) words[word.substr(0, sign)] = word.substr(sign + 1);
        at = end + 1;
    }
    return words;
}

std::string output_of(const std::string& command) {
    std::fflush(nullptr);
    FILE* stream = ::popen(command.c_str(), "r");
    if (stream == nullptr) throw std::runtime_error("cannot run " + command);
    std::string output;
    for (int letter = std::fgetc(stream); letter != EOF; letter = std::fgetc(stream)) {
        output += static_cast<char>(letter);
    }
    if (::pclose(stream) != 0) throw std::runtime_error(command + " failed");
    return output;
}

KillScore run_python(const KillStormPlan& plan) {
    const std::string script = std::string(PROCESSION_BENCH_FOLDER) + "/kill_score_python.py";
    const auto words = words_of(output_of(
        "exec " + std::string(kPython) + " '" + script + "' " + std::to_string(plan.kills) + " " +
        std::to_string(plan.seconds_max) + " " + std::to_string(plan.seed)));
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

/// "CPython 3.11.2", or nothing.
std::string python_version() {
    try {
        std::string text = output_of(std::string(kPython) + " --version 2>/dev/null");
        text.erase(std::min(text.find('\n'), text.size()));
        return "C" + text;
    } catch (const std::runtime_error&) {
        return {};
    }
}

void report(const std::string& name, const KillScore& score, Table& table, JsonReport& json) {
    const auto show = [](std::uint64_t number) { return std::to_string(number); };
    table.add({name, show(score.kills), show(score.committed), show(score.all_stuck),
               show(score.some_stuck), score.first_stuck == 0 ? "never" : show(score.first_stuck),
               show(score.stranded), show(score.lost), show(score.in_hand), show(score.twice),
               show(score.torn), show(score.failed)});
    const auto as_number = [](std::uint64_t value) { return static_cast<double>(value); };
    json.record()
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
    const std::string python = python_version();
    std::printf("When processes are killed: %s\n%s, %s\n", machine().c_str(),
                about_kill_peers().c_str(),
                python.empty() ? "no /usr/bin/python3 (Debian package python3)" : python.c_str());
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
    const auto is_wanted = [&](const std::string& name) {
        return name.find(settings.only) != std::string::npos;
    };
    for (const KillEntry& entry : kill_contestants()) {
        if (is_wanted(entry.name)) report(entry.name, run_kill_storm(entry, plan), table, json);
    }
    if (!python.empty() && is_wanted(kPythonName)) {
        report(kPythonName, run_python(plan), table, json);
    }
    table.require_rows(settings);
    table.print();
    json.write();
    return 0;
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
