// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// path_length CASE N    does one thing N times, alone, so that a profiler that counts instructions
// tells from two runs how many one of them takes: (total(2 N) - total(N)) / N.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "procession/procession.h"

namespace {

using procession::ByteQueue;
using procession::Deadline;

template <std::size_t kBytes>
using Payload = std::array<std::uint64_t, kBytes / 8>;

template <std::size_t kBytes>
std::uint64_t queue(std::uint64_t times) {
    procession::Queue<Payload<kBytes>> queue;
    Payload<kBytes> item{};
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        item[0] = i;
        queue.put(item);
        sum += queue.get()[0];
    }
    return sum;
}

template <std::size_t kBytes>
std::uint64_t joinable_queue(std::uint64_t times) {
    procession::JoinableQueue<Payload<kBytes>> queue;
    Payload<kBytes> item{};
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        item[0] = i;
        queue.put(item);
        auto lease = queue.get();
        sum += (*lease)[0];
        lease.done();
    }
    return sum;
}

std::uint64_t many(std::uint64_t times) {
    procession::Queue<Payload<64>> queue;
    const std::vector<Payload<64>> items(64);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        queue.put_many(items);
        sum += queue.get_many(64).size();
    }
    return sum;
}

// Made in place, read in place: as long for any size.
std::uint64_t in_place(std::uint64_t times) {
    procession::Queue<std::uint64_t[]> queue;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < times; ++i) {
        auto loan = queue.loan(std::size_t{1} << 17);
        loan[0] = i;
        loan.publish();
        sum += queue.borrow()[0];
    }
    return sum;
}

struct Case {
    std::string_view name;
    std::uint64_t (*run)(std::uint64_t times);
};
constexpr Case kCases[] = {
    {"queue_8", queue<8>},
    {"queue_64", queue<64>},
    {"queue_1024", queue<1024>},
    {"joinable_queue_8", joinable_queue<8>},
    {"joinable_queue_64", joinable_queue<64>},
    {"many_64", many},
    {"in_place", in_place},
};

}  // namespace

int main(int argc, char** argv) {
    procession::init(argc, argv);
    const std::uint64_t times = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
    for (const Case& each : kCases) {
        if (times == 0 || each.name != argv[1]) continue;
        std::printf("%s %llu\n", argv[1], static_cast<unsigned long long>(each.run(times)));
        return 0;
    }
    std::fputs("use: path_length CASE N, CASE one of:", stderr);
    for (const Case& each : kCases) std::fprintf(stderr, " %s", each.name.data());
    std::fputs("\n", stderr);
    return 2;
}
