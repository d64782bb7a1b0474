// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// How long the death of one keeps another waiting: from the kill to the return of the survivor's
// call, which needed the repair. The times are printed, not judged; that the survivor goes on, and
// with what, is.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <string>
#include <vector>

#include "procession/procession.h"
#include "support/long_tests.h"
#include "support/queue_helpers.h"
#include "support/shared_notes.h"
#include "support/storm_ledger.h"
#include "support/sudden_death.h"

namespace procession {
namespace {

using testing::SharedNotes;
using testing::steady_now;
using testing::until_asleep;
using Returned = std::atomic<std::int64_t>;

int rounds() {
    if (testing::is_soak()) return 500;
    return testing::sanitized ? 4 : 20;
}

void print(const char* what, std::vector<std::int64_t> times) {
    std::sort(times.begin(), times.end());
    const auto in_ms = [](std::int64_t time) { return static_cast<double>(time) / 1e6; };
    std::printf("recovery, %s: median %.2f ms, longest %.2f ms of %zu\n", what,
                in_ms(times[times.size() / 2]), in_ms(times.back()), times.size());
}

// Kills the victim while the survivor sleeps inside its call. No other process looks for deaths.
std::int64_t time_of_recovery(Process& victim, Process& survivor, const Returned& returned) {
    until_asleep(survivor.pid(), survivor.pid());
    const std::int64_t killed = steady_now();
    ::kill(victim.pid(), SIGKILL);
    EXPECT_TRUE(testing::ends_well(survivor));
    victim.join();
    return returned.load() - killed;
}

TEST(RecoveryTime, a_waiting_consumer_gets_what_a_killed_one_held) {
    std::vector<std::int64_t> times;
    for (int round = 0; round < rounds(); ++round) {
        JoinableQueue<int> queue;
        Queue<int> held;
        const SharedNotes<Returned> returned;
        queue.put(round);
        Process victim(fork, [&] {
            const auto lease = queue.get();
            held.put(*lease);
            testing::wait_to_be_killed();
        });
        EXPECT_EQ(held.get(), round);
        Process survivor(fork, [&] {
            auto lease = queue.get();
            returned->store(steady_now());
            testing::must(*lease == round && lease.deliveries() == 2);
            lease.done();
        });
        times.push_back(time_of_recovery(victim, survivor, *returned));
        EXPECT_TRUE(queue.join());
    }
    print("an item in the hands of a killed consumer", std::move(times));
}

#ifdef PROCESSION_KILL_POINTS

void until_stopped(const Process& child) {
    siginfo_t info{};
    const auto pid = static_cast<id_t>(child.pid());
    ASSERT_EQ(::waitid(P_PID, pid, &info, WSTOPPED | WEXITED | WNOWAIT), 0);
    ASSERT_EQ(info.si_code, CLD_STOPPED);
}

// The victim is stopped at the step, inside of one of the queue's locks, then killed.
template <class Victims, class Survivors>
std::int64_t time_after_a_death_at(const char* step, Victims victims, Survivors survivors) {
    const SharedNotes<Returned> returned;
    Process victim(fork, [&] {
        testing::stop_at_step(step);
        victims();
    });
    until_stopped(victim);
    Process survivor(fork, [&] {
        survivors();
        returned->store(steady_now());
    });
    return time_of_recovery(victim, survivor, *returned);
}

TEST(RecoveryTime, a_producer_goes_on_after_the_one_that_held_the_tail) {
    std::vector<std::int64_t> times;
    for (int round = 0; round < rounds(); ++round) {
        JoinableQueue<int> queue;
        times.push_back(time_after_a_death_at(
            "log.append.copied", [&] { queue.put(1); }, [&] { queue.put(2); }));
        EXPECT_EQ(testing::take_all(queue), std::vector{2}) << "1 was not committed";
    }
    print("the producers' lock", std::move(times));
}

TEST(RecoveryTime, a_consumer_goes_on_after_the_one_that_held_the_head) {
    std::vector<std::int64_t> times;
    for (int round = 0; round < rounds(); ++round) {
        JoinableQueue<int> queue;
        queue.put(1);
        times.push_back(time_after_a_death_at(
            "log.advance.ready", [&] { queue.get().done(); },
            [&] { testing::must(testing::take(queue) == 1); }));
        testing::expect_joined(queue);
    }
    print("the consumers' lock", std::move(times));
}

TEST(RecoveryTime, a_large_item_finds_memory_after_the_one_that_held_the_pool) {
    std::vector<std::int64_t> times;
    const std::string large(100'000, 'l');
    for (int round = 0; round < rounds(); ++round) {
        JoinableQueue<std::string> queue;
        const auto put = [&] { queue.put(large); };
        times.push_back(time_after_a_death_at("pool.take.written", put, put));
        EXPECT_EQ(testing::take_all(queue), std::vector{large});
        EXPECT_EQ(queue.stats().memory_bytes, 65536U);
    }
    print("the memory's lock", std::move(times));
}

#endif  // PROCESSION_KILL_POINTS

}  // namespace
}  // namespace procession
