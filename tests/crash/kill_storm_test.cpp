// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Random SIGKILLs of producers and consumers while they work: nothing committed is lost, nothing is
// delivered twice unless counted as a redelivery, nobody hangs.

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "procession/procession.h"
#include "support/shared_notes.h"

namespace procession {
namespace {

using namespace std::chrono_literals;
using testing::SharedNotes;

constexpr int kWorkersMax = 8;
constexpr std::uint32_t kItemsMax = 6'000'000;

// What the participants did, in memory that they share beside the queue.
struct Ledger {
    // Set before put() and after it returned.
    std::atomic<std::uint8_t> putting[kItemsMax];
    std::atomic<std::uint8_t> put[kItemsMax];
    // How often an item was seen by a consumer, and how often task_done() returned for it.
    std::atomic<std::uint8_t> seen[kItemsMax];
    std::atomic<std::uint8_t> finishing[kItemsMax];
    std::atomic<std::uint8_t> finished[kItemsMax];
    std::atomic<std::uint32_t> next{0};  // the next item to put
    std::atomic<bool> stop{false};
};

struct Item {
    std::uint32_t number = 0;
    std::string padding;
};

// Sizes of all kinds: in the log, near its inline limit, and in blocks of their own.
std::string padding_for(std::uint32_t number) {
    constexpr std::size_t sizes[] = {0, 8, 30, 200, 1000, 4070, 4090, 5000, 40'000};
    return std::string(sizes[number % std::size(sizes)], static_cast<char>('a' + number % 26));
}

bool whole(const Item& item) { return item.padding == padding_for(item.number); }

void produce(JoinableQueue<Item>& queue, Ledger& ledger) {
    while (!ledger.stop.load()) {
        const std::uint32_t number = ledger.next.fetch_add(1);
        if (number >= kItemsMax) return;
        ledger.putting[number].store(1);
        queue.put({number, padding_for(number)});
        ledger.put[number].store(1);
    }
}

void consume(JoinableQueue<Item>& queue, Ledger& ledger, std::atomic<std::uint32_t>& torn) {
    for (auto lease : queue) {
        if (!whole(*lease)) torn.fetch_add(1);
        const std::uint32_t number = lease->number;
        ledger.seen[number].fetch_add(1);
        ledger.finishing[number].store(1);
        lease.done();
        ledger.finished[number].fetch_add(1);
    }
}

struct Storm {
    int producers = 2;
    int consumers = 2;
    int kills = 0;
    std::size_t maxsize = 32;
    int kill_everybody_percent = 5;
    const char* name = "";
};

class KillStorm : public ::testing::TestWithParam<Storm> {};

struct Score {
    std::uint32_t committed = 0;
    std::uint32_t lost = 0;
    std::uint32_t duplicated = 0;
    std::uint32_t invented = 0;
};

Score score_of(const Ledger& ledger) {
    Score score;
    const std::uint32_t end = std::min(ledger.next.load(), kItemsMax);
    for (std::uint32_t i = 0; i < end; ++i) {
        const bool committed = ledger.put[i].load() != 0;
        score.committed += committed ? 1 : 0;
        if (committed && ledger.finishing[i].load() == 0) ++score.lost;
        if (ledger.finished[i].load() > 1) ++score.duplicated;
        if (ledger.seen[i].load() != 0 && ledger.putting[i].load() == 0) ++score.invented;
    }
    return score;
}

QueueOptions options_of(const Storm& storm) {
    QueueOptions options;
    options.maxsize = storm.maxsize;
    options.max_deliveries = 1'000'000;
    options.name = "storm";
    return options;
}

TEST_P(KillStorm, loses_nothing_and_delivers_nothing_twice) {
    const Storm storm = GetParam();
    JoinableQueue<Item> queue{options_of(storm)};
    SharedNotes<Ledger> ledger;
    SharedNotes<std::atomic<std::uint32_t>> torn;
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    SCOPED_TRACE("seed " + std::to_string(seed));

    const int total = storm.producers + storm.consumers;
    std::vector<Process> everybody(static_cast<std::size_t>(total));
    const auto start = [&](int who) {
        auto& process = everybody[static_cast<std::size_t>(who)];
        if (who < storm.producers) {
            process = Process(procession::fork, [&] { produce(queue, *ledger); });
        } else {
            process = Process(procession::fork, [&] { consume(queue, *ledger, *torn); });
        }
    };
    for (int who = 0; who < total; ++who) start(who);

    int kills = 0;
    const auto kill_and_restart = [&](int who) {
        auto& victim = everybody[static_cast<std::size_t>(who)];
        victim.kill();
        victim.join();
        ++kills;
        start(who);
    };
    while (kills < storm.kills && ledger->next.load() < kItemsMax) {
        ::poll(nullptr, 0, static_cast<int>(random() % 3));  // the pace of the storm
        if (static_cast<int>(random() % 100) < storm.kill_everybody_percent) {
            for (auto& victim : everybody) victim.kill();
            for (int who = 0; who < total; ++who) kill_and_restart(who);
        } else {
            kill_and_restart(static_cast<int>(random() % static_cast<unsigned>(total)));
        }
    }
    // Calm: the producers stop, all that was committed is finished, however it got here.
    ledger->stop.store(true);
    for (int who = 0; who < storm.producers; ++who) everybody[static_cast<std::size_t>(who)].join();
    EXPECT_TRUE(queue.join());
    queue.shutdown();
    for (auto& process : everybody) process.join();

    queue.bytes().notice_deaths();
    const Score score = score_of(*ledger);
    const QueueStats stats = queue.stats();
    std::printf("%s: %d kills, %u committed, %u redelivered, lost %u, duplicated %u, torn %u\n",
                storm.name, kills, score.committed, static_cast<unsigned>(stats.redelivered),
                score.lost, score.duplicated, torn->load());
    EXPECT_EQ(score.lost, 0U);
    EXPECT_EQ(score.duplicated, 0U);
    EXPECT_EQ(score.invented, 0U);
    EXPECT_EQ(torn->load(), 0U);
    EXPECT_EQ(queue.unfinished(), 0U);
    EXPECT_EQ(stats.queued, 0U);
    EXPECT_EQ(stats.dead_lettered, 0U);
    EXPECT_LE(stats.memory_bytes, 2U * 65536U) << "blocks are leaked";
    EXPECT_EQ(stats.participants, 1U);
    EXPECT_GT(score.committed, 0U);
}

INSTANTIATE_TEST_SUITE_P(Each, KillStorm,
                         ::testing::Values(Storm{2, 2, 500, 32, 5, "two_by_two"},
                                           Storm{1, 3, 300, 0, 0, "hungry_consumers"},
                                           Storm{3, 1, 300, 4, 0, "waiting_producers"},
                                           Storm{8, 8, 400, 64, 5, "eight_by_eight"}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace procession
