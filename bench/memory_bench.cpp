// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// The memory that an empty queue takes, and one with a million items.

#include <cstdio>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "contestants.h"
#include "item.h"
#include "machine.h"
#include "peers/peers.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"
#include "report.h"
#include "team.h"
#include "versions.h"

namespace procession::bench {

namespace {

/// What the kernel counts as this process's own, in bytes: a page that others share counts in part.
double resident() {
    std::ifstream rollup("/proc/self/smaps_rollup");
    for (std::string word; rollup >> word;) {
        double kibibytes = 0;
        if (word == "Pss:" && rollup >> kibibytes) return kibibytes * 1024;
    }
    throw std::runtime_error("/proc/self/smaps_rollup says nothing");
}

struct Bytes {
    double empty = 0;  // after one item has gone through
    double full = 0;   // with all items in it
};

/// Of the memory that a queue and its items take. In a process of its own, so that no other memory
/// comes or goes; and it is the second queue of this process: pages of code and of the heap that
/// are touched by the first one only are not the queue's.
using Measurement = std::function<Bytes(std::uint64_t items)>;

template <class Any>
void pass_one_item(const Any& queue) {
    queue.put({});
    if constexpr (std::is_same_v<Any, Queue<Item<64>>>) {
        static_cast<void>(queue.get());
    } else {
        queue.get().done();
    }
}

template <class Any>
Bytes measure_ours(std::uint64_t items) {
    const Any first;
    pass_one_item(first);
    const double before = resident();
    const Any queue;
    pass_one_item(queue);
    Bytes bytes{.empty = resident() - before};
    for (std::uint64_t i = 0; i < items; ++i) queue.put({});
    bytes.full = resident() - before;
    return bytes;
}

Bytes measure_peer(std::unique_ptr<Contestant> (*make)(const Case&), std::uint64_t items) {
    const auto first = make({.bytes = 64, .capacity = 1});
    first->put(0);
    first->take();
    const double before = resident();
    const auto peer = make({.bytes = 64, .capacity = items});
    peer->put(0);
    peer->take();
    Bytes bytes{.empty = resident() - before};
    for (std::uint64_t i = 0; i < items; ++i) peer->put(i);
    bytes.full = resident() - before;
    return bytes;
}

struct Subject {
    std::string name;
    Measurement measure;
};

std::vector<Subject> all_subjects() {
    std::vector<Subject> all{{"Queue", measure_ours<Queue<Item<64>>>},
                             {"JoinableQueue", measure_ours<JoinableQueue<Item<64>>>}};
    if (make_boost({})) {
        all.push_back({kBoostName, [](auto items) { return measure_peer(make_boost, items); }});
    }
    all.push_back({kRingName, [](auto items) { return measure_peer(make_ring, items); }});
    return all;
}

Bytes in_child(const Subject& subject, std::uint64_t items) {
    const SharedArray<Bytes> result(1);
    const std::vector<Member> members{{.prepare = {}, .work = [&] {
                                           result[0] = subject.measure(items);
                                           return std::uint64_t{0};
                                       }}};
    static_cast<void>(run_round("memory of " + subject.name, members));
    return result[0];
}

int run(const Settings& settings) {
    const std::uint64_t items = settings.quick ? 200'000 : 1'000'000;
    std::printf("Memory: %s\n%s\n", machine().c_str(), versions().c_str());
    std::printf(
        "Resident memory (Pss) that a queue adds to its process: after one item has gone through, "
        "and with\n%llu items of 64 bytes waiting. Boost and the ring are made for that many "
        "items.\n\n",
        static_cast<unsigned long long>(items));
    Table table(1, {"what", "empty", "full", "bytes per item"});
    JsonReport json("memory", settings);
    for (const Subject& subject : all_subjects()) {
        if (!settings.wants(subject.name)) continue;
        announce("memory of " + subject.name);
        const Bytes bytes = in_child(subject, items);
        const double each = bytes.full / static_cast<double>(items);
        const auto show_kib = [](double number) {
            return std::to_string(static_cast<std::uint64_t>(number / 1024)) + " KiB";
        };
        table.add({subject.name, show_kib(bytes.empty), show_kib(bytes.full), show_ratio(each)});
        json.record()
            .set("case", subject.name)
            .set("what", subject.name)
            .set("items", static_cast<double>(items))
            .set("empty_bytes", bytes.empty)
            .set("full_bytes", bytes.full)
            .set("bytes_per_item", each);
    }
    return conclude(table, json, settings);
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    return procession::bench::run_benchmark(
        argc, argv, "memory_bench",
        "The memory of an empty queue, and of one with a million items of 64 bytes (--quick: "
        "200,000).\n--rounds means nothing here.",
        procession::bench::run);
}
