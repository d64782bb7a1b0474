// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "report.h"
#include "windows/ends.h"
#include "windows/partner.h"

// Measurements of two processes, this one and a child, by what they have between them: `End` is one
// of ends.h.

namespace procession::bench {

/// What one round of a lane gives.
struct Measured {
    double figure = 0;
    std::uint64_t sum = 0;  // of the checksums of what has arrived
};

inline void require_sum(std::uint64_t sum, std::uint64_t items, const std::string& what) {
    if (sum != expected_checksum(sizeof(Item64), items))
        throw std::runtime_error(what + ": what arrived is not what was sent");
}

template <class End>
void produce(const Start& start, const typename End::Parts& parts, const Case& which,
             std::uint64_t items) {
    const Stay stay(start.cpus);
    End end(parts, which);
    start.pass();
    end.produce({0, 1, items});
}

/// The child produces, this process consumes. Items a second.
template <class End>
Measured measure_rate(const std::string& name, Cpus cpus, const Case& which, std::uint64_t items) {
    const Stay stay(cpus);
    const typename End::Parts parts = End::make(which);
    End end(parts, which);
    Partner producer(name, cpus, produce<End>, parts, which, items);
    const auto begin = producer.go();
    const std::uint64_t sum = end.consume(items);
    const std::chrono::duration<double> took = Clock::now() - begin;
    require_sum(sum, items, name);
    producer.join();
    return {static_cast<double>(items) / took.count(), sum};
}

template <class End>
void send_back(const Start& start, const typename End::Parts& there,
               const typename End::Parts& back, const Case& which, std::uint64_t trips) {
    const Stay stay(start.cpus);
    End from(there, which);
    End to(back, which);
    start.pass();
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < trips; ++i) {
        sum += from.take();
        to.put(i);
    }
    require_sum(sum, trips, "there");
}

/// Seconds of a trip there and back: the median of groups of trips, as the clock is too coarse for
/// one.
template <class End>
Measured measure_trip(const std::string& name, Cpus cpus, const Case& which, std::uint64_t trips) {
    constexpr std::uint64_t kGroup = 16;
    const Stay stay(cpus);
    const typename End::Parts there = End::make(which);
    const typename End::Parts back = End::make(which);
    End to(there, which);
    End from(back, which);
    Partner other(name, cpus, send_back<End>, there, back, which, trips);
    auto begin = other.go();
    std::vector<double> groups;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < trips; ++i) {
        to.put(i);
        sum += from.take();
        if ((i + 1) % kGroup != 0) continue;
        const auto now = Clock::now();
        groups.push_back(std::chrono::duration<double>(now - begin).count() / kGroup);
        begin = now;
    }
    require_sum(sum, trips, name);
    other.join();
    return {median(std::move(groups)), sum};
}

}  // namespace procession::bench
