// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>
#include <thread>
#include <tuple>

#include "support/queue_helpers.h"

// One item that kills each process that begins with it, among others that do not: only that one
// becomes a dead letter, however its consumers take them (P6).

namespace procession::testing {
namespace {

constexpr int kPoison = 1'000;
constexpr std::size_t kInnocents = 20;
constexpr std::size_t kAtOnce = 8;

enum class Way : std::uint8_t { one_by_one, batches, several_leases, threads };

struct Worker {
    JoinableQueue<int> jobs;
    Queue<int> results;
    Way way = Way::one_by_one;

    void operator()() const {
        switch (way) {
            case Way::one_by_one: return one_by_one();
            case Way::batches: return batches();
            case Way::several_leases: return several_leases();
            case Way::threads: return threads();
        }
    }

  private:
    void perform(Lease<int> task) const {
        if (*task == kPoison) ::kill(::getpid(), SIGKILL);
        results.put(*task);
        task.done();
    }
    void one_by_one() const {
        while (auto task = next()) perform(std::move(*task));
    }
    void batches() const {
        while (jobs.unfinished() != 0) {
            for (auto& task : jobs.get_many(kAtOnce, 1ms)) perform(std::move(task));
        }
    }
    // As many as there are, before it begins with the first.
    void several_leases() const {
        for (;;) {
            std::vector<Lease<int>> held;
            for (auto task = jobs.try_get(); task.has_value() && held.size() < kAtOnce;) {
                held.push_back(std::move(*task));
                if (held.size() < kAtOnce) task = jobs.try_get();
            }
            if (held.empty()) return;
            for (auto& task : held) perform(std::move(task));
        }
    }
    // Those that are no poison take their time: it finds the others at work.
    void threads() const {
        std::vector<std::thread> all;
        for (std::size_t i = 0; i < kAtOnce; ++i) {
            all.emplace_back([this] {
                while (auto task = next()) {
                    if (**task != kPoison) std::this_thread::sleep_for(2ms);
                    perform(std::move(*task));
                }
            });
        }
        for (auto& thread : all) thread.join();
    }
    // Until nothing is unfinished: what another one holds may come back.
    [[nodiscard]] std::optional<Lease<int>> next() const {
        while (jobs.unfinished() != 0) {
            if (auto task = jobs.try_get(5ms); task.has_value()) return std::move(*task);
        }
        return std::nullopt;
    }
};

using Case = std::tuple<StartMethod, Way, std::size_t>;
std::string name_of_case(const ::testing::TestParamInfo<Case>& one) {
    constexpr const char* ways[] = {"one_by_one", "batches", "several_leases", "threads"};
    const auto& [method, way, before] = one.param;
    return std::string(name_of(method)) + "_" + ways[static_cast<std::size_t>(way)] + "_behind_" +
           std::to_string(before);
}

class QueuePoison : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Ways, QueuePoison,
                         ::testing::Combine(::testing::ValuesIn(get_all_start_methods()),
                                            ::testing::Values(Way::one_by_one, Way::batches,
                                                              Way::several_leases, Way::threads),
                                            ::testing::Values(std::size_t{0}, std::size_t{5})),
                         name_of_case);

TEST_P(QueuePoison, makes_a_dead_letter_of_itself_and_of_nothing_else) {
    const auto [method, way, before] = GetParam();
    QueueOptions options;
    options.max_deliveries = 3;
    const Worker worker{JoinableQueue<int>(options), {}, way};
    std::vector<int> innocents(kInnocents);
    std::iota(innocents.begin(), innocents.end(), 0);
    std::vector<int> items = innocents;
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(before), kPoison);
    worker.jobs.put_many(items);

    int deaths = 0;
    while (worker.jobs.unfinished() != 0 && deaths < 40) {
        Process process(method, worker);
        process.join();
        if (process.exit_code() != 0) ++deaths;
    }
    EXPECT_TRUE(worker.jobs.join(0ms));
    EXPECT_EQ(deaths, 3);
    const auto letters = worker.jobs.dead_letters();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].deliveries, 3U);
    auto done = take_all(worker.results);
    std::ranges::sort(done);
    done.erase(std::ranges::unique(done).begin(), done.end());
    EXPECT_EQ(done, innocents);
}

TEST(QueueRedelivery, a_batch_has_a_redelivered_item_alone) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3, 4, 5});
    auto first = queue.get_many(2);
    for (auto& lease : first) lease.give_back();
    for (const int expected : {1, 2}) {
        auto batch = queue.get_many(5);
        ASSERT_EQ(batch.size(), 1U);
        EXPECT_EQ(*batch[0], expected);
        EXPECT_EQ(batch[0].deliveries(), 2U);
        batch[0].done();
    }
    auto rest = queue.get_many(5);
    EXPECT_EQ(rest.size(), 3U);
    for (auto& lease : rest) lease.done();
}

/// Takes two items and dies.
void take_two_and_die(const JoinableQueue<int>& jobs) {
    const auto leases = jobs.get_many(2);
    ::kill(::getpid(), SIGKILL);
}

class QueueSuspects : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, QueueSuspects, both_start_methods(), start_method_name);

TEST_P(QueueSuspects, a_thread_that_waits_leaves_one_alone_on_which_another_thread_works) {
    const JoinableQueue<int> jobs;
    jobs.put_many(std::vector{1, 2});
    Process(method(), take_two_and_die, jobs).join();
    auto suspect = jobs.get();
    EXPECT_EQ(suspect.deliveries(), 2U);
    std::atomic<bool> is_finished{false};
    std::atomic<pid_t> waiter{0};
    std::thread other([&] {
        waiter.store(::gettid());
        auto next = jobs.get();
        EXPECT_TRUE(is_finished.load());
        EXPECT_EQ(*next, 2);
        next.done();
    });
    while (waiter.load() == 0) std::this_thread::yield();
    until_asleep(::getpid(), waiter.load());
    is_finished.store(true);
    suspect.done();
    other.join();
    EXPECT_TRUE(jobs.join(0ms));
}

TEST_P(QueueSuspects, a_call_that_does_not_wait_takes_the_next_one_all_the_same) {
    const JoinableQueue<int> jobs;
    jobs.put_many(std::vector{1, 2});
    Process(method(), take_two_and_die, jobs).join();
    auto suspect = jobs.get();
    std::thread([&] { jobs.get_nowait().done(); }).join();
    suspect.done();
    EXPECT_TRUE(jobs.join(0ms));
}

TEST_P(QueueSuspects, a_thread_that_has_one_may_wait_for_the_next_one) {
    const JoinableQueue<int> jobs;
    jobs.put_many(std::vector{1, 2});
    Process(method(), take_two_and_die, jobs).join();
    auto one = jobs.get();
    auto two = jobs.get();
    EXPECT_EQ(*two, 2);
    one.done();
    two.done();
    EXPECT_TRUE(jobs.join(0ms));
}

}  // namespace
}  // namespace procession::testing
