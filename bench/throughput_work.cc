// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "throughput_work.h"

#include <algorithm>

#include "item.h"
#include "report.h"

namespace procession::bench {

namespace {

/// At most 1024 items wait, and at most 16 MiB; a power of two, as the bare ring needs.
constexpr std::size_t capacity_for(std::size_t bytes) {
    return std::min<std::size_t>(1024, 16 * kMiB / bytes);
}

ThroughputWork work(std::size_t bytes, std::size_t members, Placement placement) {
    return {{.bytes = bytes, .members = members, .capacity = capacity_for(bytes)}, placement};
}

ThroughputWork quick(ThroughputWork work) {
    work.is_quick = true;
    return work;
}

ThroughputWork many(ThroughputWork work, std::size_t batch) {
    work.which.batch = batch;
    return work;
}

}  // namespace

std::string ThroughputWork::processes() const {
    const std::string members = std::to_string(which.members);
    std::string text = members + 'x' + members;
    if (which.batch > 1) text += " batch " + std::to_string(which.batch);
    return is_in_place ? text + " in place" : text;
}

std::string ThroughputWork::name() const {
    return show_bytes(which.bytes) + ' ' + processes() + ' ' + show(placement);
}

std::vector<ThroughputWork> all_throughput_work() {
    using enum Placement;
    std::vector<ThroughputWork> all;
    // One at a time, small: what a put and a get cost.
    for (const std::size_t bytes : {8, 64, 256}) {
        all.push_back(quick(work(bytes, 1, two_cpus)));
        all.push_back(quick(work(bytes, 1, one_cpu)));
    }
    all.push_back(quick(work(64, 1, free)));
    all.push_back(quick(many(work(64, 1, two_cpus), 64)));
    all.push_back(quick(many(work(64, 1, one_cpu), 64)));
    // Many processes on few cpus.
    for (const std::size_t bytes : {8, 64, 256}) {
        for (const std::size_t members : {2, 4, 16}) {
            all.push_back(quick(work(bytes, members, free)));
        }
    }
    all.push_back(work(64, 8, free));
    // The other sizes of the curve.
    for (const std::size_t bytes : kItemSizes) {
        if (bytes <= 256) continue;
        all.push_back(work(bytes, 1, two_cpus));
        all.back().is_quick = bytes == 4 * kKiB || bytes == kMiB;
    }
    // Without copying.
    for (const std::size_t bytes : {4 * kKiB, 16 * kMiB}) {
        ThroughputWork in_place = quick(work(bytes, 1, two_cpus));
        in_place.which.capacity = 4;
        in_place.is_in_place = true;
        all.push_back(in_place);
    }
    return all;
}

}  // namespace procession::bench
