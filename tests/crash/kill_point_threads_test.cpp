// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The process that dies has several threads at work in the same queue: each is cut short wherever
// it happens to be, while one of them arrives at the fatal step.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "crash/kill_point_fixture.h"
#include "crash/texts.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession::testing {

using namespace detail;
namespace {

using death::Delivery;

constexpr int kThreads = 2;     // of producers, and as many consumers
constexpr int kPerThread = 12;  // items of each producer
constexpr int kItems = kThreads * kPerThread;

/// What the threads of the victim say about themselves.
struct Notes {
    std::atomic<bool> putting[kItems];
    std::atomic<bool> put[kItems];
    std::atomic<bool> finishing[kItems];
    std::atomic<bool> finished[kItems];
    std::atomic<std::uint32_t> taken;  // get() has returned so often
    std::atomic<bool> completed;
    StepTrace trace;
};

std::size_t bytes_of(int number) { return number % 5 == 4 ? 6000 : 20; }

void produce(const JoinableQueue<std::string>& queue, Notes& notes, int thread) {
    for (int i = 0; i < kPerThread; ++i) {
        const int number = thread * kPerThread + i;
        notes.putting[number].store(true);
        queue.put(text_of(number, bytes_of(number)));
        notes.put[number].store(true);
    }
}

void consume(const JoinableQueue<std::string>& queue, Notes& notes) {
    for (int i = 0; i < kPerThread - 1; ++i) {
        auto lease = queue.get();
        notes.taken.fetch_add(1);
        const int number = number_in(*lease);
        if (i % 4 == 3) {
            lease.give_back();
            continue;
        }
        notes.finishing[number].store(true);
        lease.done();
        notes.finished[number].store(true);
    }
}

void work(const JoinableQueue<std::string>& queue, Notes& notes, unsigned n) {
    die_at_step(n);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] { produce(queue, notes, thread); });
        threads.emplace_back([&] { consume(queue, notes); });
    }
    for (auto& thread : threads) thread.join();
    die_at_step(0);
    queue.close();
    notes.completed.store(true);
}

/// Items in the order in which a survivor got them.
struct Seen {
    std::vector<Delivery> deliveries;
    std::map<int, int> times;
};

Seen drain(const JoinableQueue<std::string>& queue) {
    Seen seen;
    while (auto lease = queue.try_get()) {
        seen.deliveries.push_back({number_in(**lease), lease->deliveries()});
        ++seen.times[seen.deliveries.back().number];
        lease->done();
    }
    return seen;
}

void expect_conservation(const Notes& notes, const Seen& seen) {
    for (int number = 0; number < kItems; ++number) {
        const auto found = seen.times.find(number);
        const int times = found == seen.times.end() ? 0 : found->second;
        const bool may_be = notes.putting[number].load();
        EXPECT_LE(times, may_be && !notes.finished[number].load() ? 1 : 0) << "item " << number;
        const bool must_be = notes.put[number].load() && !notes.finishing[number].load();
        EXPECT_TRUE(times == 1 || !must_be) << "item " << number << " is lost";
    }
}

// Redelivered ones first, in their old order; each producer's in the order of its puts.
void expect_order(const Seen& seen) {
    bool again = true;
    std::map<int, int> last_again;
    std::map<int, int> last;
    for (const auto& [number, deliveries] : seen.deliveries) {
        EXPECT_TRUE(again || deliveries == 1) << "item " << number << " comes late";
        again = again && deliveries > 1;
        auto& newest = (again ? last_again : last)[number / kPerThread];
        EXPECT_LE(newest, number) << "item " << number << " is out of order";
        newest = number;
    }
}

void expect_counts(const JoinableQueue<std::string>& queue, const Notes& notes, const Seen& seen) {
    const QueueStats stats = queue.stats();
    std::uint64_t put = 0;
    std::uint64_t putting = 0;
    for (int number = 0; number < kItems; ++number) {
        put += notes.put[number].load() ? 1U : 0U;
        putting += notes.putting[number].load() ? 1U : 0U;
    }
    EXPECT_GE(stats.put, put);
    EXPECT_LE(stats.put, putting);
    EXPECT_EQ(stats.taken, stats.put) << "all were handed out once";
    EXPECT_EQ(stats.finished, stats.put);
    const auto handed_out = stats.taken + stats.redelivered;
    const auto known = notes.taken.load() + seen.deliveries.size();
    EXPECT_GE(handed_out, known);
    EXPECT_LE(handed_out, known + kThreads) << "in the hands of the threads that died in get()";
    EXPECT_EQ(stats.dead_lettered, 0U);
    EXPECT_EQ(stats.participants, 1U);
    EXPECT_EQ(stats.memory_bytes, queue::kChunkBytes) << "blocks are leaked";
    EXPECT_EQ(queue.unfinished(), 0U);
    EXPECT_TRUE(queue.join(Deadline::now()));
}

TEST(KillPointsOfThreads, all_threads_of_the_dead_are_accounted_for_wherever_they_were) {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    const unsigned rounds = is_soak() ? 20'000 : 1200 / (stride() * stride());
    unsigned died = 0;
    for (unsigned round = 0; round < rounds; ++round) {
        const JoinableQueue<std::string> queue;
        const SharedRecord<Notes> notes;
        const auto n = static_cast<unsigned>(1 + random() % 800);
        const pid_t pid = ::fork();
        if (pid == 0) {
            trace_steps_into(&notes->trace);
            work(queue, *notes, n);
            ::_exit(0);
        }
        while (::waitpid(pid, nullptr, 0) < 0) {}
        died += notes->completed.load() ? 0 : 1;
        SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round) +
                     ", step " + std::to_string(n) + " (" + notes->trace.last + ")");
        // A process that dies while it joins is no participant yet.
        const std::string last = notes->trace.last;
        const bool was_there = last.rfind("join.", 0) != 0 || last == "join.joined";
        const bool died_inside = !notes->completed.load() && was_there;
        EXPECT_EQ(queue.bytes().notice_deaths(), died_inside ? 1U : 0U);
        const Seen seen = drain(queue);
        expect_conservation(*notes, seen);
        expect_order(seen);
        expect_counts(queue, *notes, seen);
        if (HasFailure()) return;
    }
    EXPECT_GT(died, rounds / 2);
    std::printf("%u of %u processes died with %d threads at work; seed %u\n", died, rounds,
                2 * kThreads, seed);
}

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
