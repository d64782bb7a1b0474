// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <vector>

#include "support/queue_helpers.h"

// The list of items that were given back.

namespace procession::testing {
namespace {

// Where each item costs a walk over those that wait already, the watchdog ends this.
TEST(QueueReturned, of_very_many_items_in_any_order_ends_soon_and_in_the_old_order) {
    constexpr std::size_t items = testing::sanitized ? 20'000 : 200'000;
    std::vector<int> numbers(items);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::vector<int> shuffled = numbers;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(20'260'101));
    const std::vector<int> backwards(numbers.rbegin(), numbers.rend());
    for (const std::vector<int>& order : {numbers, backwards, shuffled}) {
        const JoinableQueue<int> queue;
        queue.put_many(numbers);
        std::vector<Lease<int>> leases;
        while (leases.size() < items) {
            for (auto& lease : queue.get_many(items)) leases.push_back(std::move(lease));
        }
        for (const int each : order) leases[static_cast<std::size_t>(each)].give_back();
        EXPECT_EQ(take_all(queue), numbers);
    }
}

// The list is made of runs: those that are being merged while others are taken stay in order.
TEST(QueueReturned, keeps_the_old_order_while_some_are_given_back_and_others_taken) {
    QueueOptions options;
    options.max_deliveries = 1'000'000;
    const JoinableQueue<int> queue{options};
    std::mt19937 random(20'260'102);
    std::map<int, Lease<int>> held;
    std::set<int> waiting;
    for (int i = 0; i < 500; ++i) {
        queue.put(i);
        held.emplace(i, queue.get());
    }
    for (int round = 0; round < 5'000; ++round) {
        const bool takes = held.empty() || (!waiting.empty() && random() % 2 == 0);
        if (takes) {
            auto lease = queue.get_nowait();
            ASSERT_EQ(*lease, *waiting.begin());
            waiting.erase(waiting.begin());
            held.emplace(*lease, std::move(lease));
        } else {
            const auto any = std::next(held.begin(), static_cast<int>(random() % held.size()));
            any->second.give_back();
            waiting.insert(any->first);
            held.erase(any);
        }
        ASSERT_EQ(queue.qsize(), waiting.size());
    }
}

}  // namespace
}  // namespace procession::testing
