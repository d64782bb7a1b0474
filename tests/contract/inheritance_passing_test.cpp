// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <tuple>
#include <variant>

#include "support/queue_helpers.h"

// Queues reach children because their owner does (P8): the same user code under fork and spawn.

namespace procession::testing {
namespace {

class Inheritance : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, Inheritance, both_start_methods(), start_method_name);

/// The seed of it all: an object that merely holds two queues.
struct Machine {
    JoinableQueue<int> jobs{4};
    JoinableQueue<int> results;
    std::string name = "machine";
    void operator()() {
        for (auto task : jobs) {
            results.put(*task * 10);
            task.done();
        }
    }
};

TEST_P(Inheritance, an_object_holding_two_joinable_queues_is_the_callable) {
    const Machine machine;
    Process worker(method(), machine);
    for (int i = 0; i < 20; ++i) machine.jobs.put(i);
    EXPECT_TRUE(machine.jobs.join());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(take(machine.results), i * 10);
    machine.jobs.shutdown();
    EXPECT_TRUE(ends_well(worker));
}

void run_machine(Machine machine) {
    must(machine.name == "machine");
    machine();
}

TEST_P(Inheritance, an_object_holding_two_joinable_queues_is_an_argument) {
    const Machine machine;
    Process worker(method(), run_machine, machine);
    machine.jobs.put(7);
    EXPECT_EQ(take(machine.results), 70);
    machine.jobs.shutdown();
    EXPECT_TRUE(ends_well(worker));
}

TEST_P(Inheritance, one_object_serves_many_children) {
    const Machine machine;
    std::vector<Process> workers;
    for (int i = 0; i < 5; ++i) workers.emplace_back(method(), machine);
    for (int i = 1; i <= 100; ++i) machine.jobs.put(i);
    EXPECT_TRUE(machine.jobs.join());
    machine.jobs.shutdown();
    for (Process& each : workers) EXPECT_TRUE(ends_well(each));
    long sum = 0;
    for (int i = 1; i <= 100; ++i) sum += take(machine.results);
    EXPECT_EQ(sum, 50'500);
}

void put_seven(const Queue<int>& queue) { queue.put(7); }
void put_seven_of_its_own(Queue<int> queue) { queue.put(7); }

TEST_P(Inheritance, a_queue_alone_is_an_argument) {
    const Queue<int> queue;
    EXPECT_TRUE(ends_well(Process(method(), put_seven, queue)));
    EXPECT_TRUE(ends_well(Process(method(), put_seven_of_its_own, queue)));
    EXPECT_EQ(take(queue) + take(queue), 14);
}

void put_sevens(const std::vector<Queue<int>>& queues, const std::optional<Queue<int>>& maybe,
                const std::optional<Queue<int>>& none,
                const std::map<std::string, JoinableQueue<int>>& named,
                const std::tuple<int, Queue<int>>& pair,
                const std::variant<int, Queue<int>>& either) {
    must(queues.size() == 2 && maybe && !none && named.size() == 2);
    queues[0].put(0);
    queues[1].put(1);
    maybe->put(2);
    named.at("a").put(3);
    named.at("b").put(4);
    std::get<1>(pair).put(5);
    std::get<1>(either).put(6);
}

TEST_P(Inheritance, queues_in_containers_are_arguments) {
    const std::vector<Queue<int>> queues(2);
    ASSERT_EQ(queues[0] == queues[1], false);
    const std::optional<Queue<int>> maybe(std::in_place);
    const std::map<std::string, JoinableQueue<int>> named{{"a", JoinableQueue<int>()},
                                                          {"b", JoinableQueue<int>()}};
    const std::tuple<int, Queue<int>> pair;
    const std::variant<int, Queue<int>> either(std::in_place_index<1>);
    EXPECT_TRUE(ends_well(Process(method(), put_sevens, queues, maybe, std::optional<Queue<int>>(),
                                  named, pair, either)));
    EXPECT_EQ(take(queues[0]), 0);
    EXPECT_EQ(take(queues[1]), 1);
    EXPECT_EQ(take(*maybe), 2);
    EXPECT_EQ(take(named.at("a")), 3);
    EXPECT_EQ(take(named.at("b")), 4);
    EXPECT_EQ(take(std::get<1>(pair)), 5);
    EXPECT_EQ(take(std::get<1>(either)), 6);
}

struct Inner {
    std::string label;
    std::vector<JoinableQueue<std::string>> queues;
};
struct Outer {
    int number = 0;
    std::array<Inner, 2> inner;
    std::shared_ptr<Inner> shared;
    void operator()(const std::string& text) const {
        for (const Inner& each : inner) {
            for (const auto& queue : each.queues) queue.put(each.label + text);
        }
    }
};

TEST_P(Inheritance, queues_deep_in_nested_objects_come_along) {
    const Outer outer{1, {Inner{"a", {{}, {}}}, Inner{"b", {{}}}}, nullptr};
    EXPECT_TRUE(ends_well(Process(method(), outer, "!")));
    EXPECT_EQ(take(outer.inner[0].queues[0]), "a!");
    EXPECT_EQ(take(outer.inner[0].queues[1]), "a!");
    EXPECT_EQ(take(outer.inner[1].queues[0]), "b!");
}

struct Twice {
    Queue<int> one;
    Queue<int> two;
    Queue<int> other;
};
void expect_one_queue(const Twice& twice, const Queue<int>& third) {
    must(twice.one == twice.two && twice.one == third && !(twice.one == twice.other));
    twice.one.put(5);
    must(twice.two.qsize() == 1 && take(third) == 5);
    twice.two.put(6);
    must(twice.one.stats().participants == 2);
}

TEST_P(Inheritance, the_same_queue_twice_is_one_queue_and_one_participant_in_the_child) {
    const Queue<int> queue;
    const Twice twice{queue, queue, {}};
    EXPECT_TRUE(ends_well(Process(method(), expect_one_queue, twice, queue)));
    EXPECT_EQ(take(queue), 6);
}

struct Twenty {
    std::array<JoinableQueue<int>, 20> queues;
    void operator()() const {
        for (std::size_t i = 0; i < queues.size(); ++i) {
            must(take(queues[i]) == static_cast<int>(i));
            queues[queues.size() - 1 - i].put(static_cast<int>(100 + i));
        }
    }
};

TEST_P(Inheritance, twenty_queues_in_one_object_keep_their_places) {
    const Twenty twenty;
    for (std::size_t i = 0; i < 20; ++i) twenty.queues[i].put(static_cast<int>(i));
    EXPECT_TRUE(ends_well(Process(method(), twenty)));
    for (std::size_t i = 0; i < 20; ++i)
        EXPECT_EQ(take(twenty.queues[i]), static_cast<int>(119 - i));
}

void have_child_put(StartMethod method, const Queue<int>& queue, int depth) {
    queue.put(depth);
    if (depth == 0) return;
    Process child(method, have_child_put, method, queue, depth - 1);
    must(ends_well(child));
}

TEST_P(Inheritance, grandchildren_get_what_their_parents_were_given) {
    for (const StartMethod below : get_all_start_methods()) {
        const Queue<int> queue;
        EXPECT_TRUE(ends_well(Process(method(), have_child_put, below, queue, 3)));
        EXPECT_EQ(take_all(queue), (std::vector{3, 2, 1, 0}));
    }
}

void keep_options(const JoinableQueue<int>& queue) {
    must(queue.maxsize() == 3);
    must(queue.bytes().label() == "JoinableQueue 'jobs'");
    const auto fail = [&] {
        const auto lease = queue.get();
        throw std::runtime_error("failed");
    };
    must(!message_of<std::runtime_error>(fail).empty());
    must(queue.dead_letters().size() == 1);
    queue.put_many(std::vector{1, 2, 3});
    must(queue.full() && !message_of<Full>([&] { queue.put_nowait(4); }).empty());
}

TEST_P(Inheritance, the_options_of_a_queue_are_the_same_in_the_child) {
    QueueOptions options;
    options.maxsize = 3;
    options.name = "jobs";
    options.on_exception = OnException::dead_letter;
    const JoinableQueue<int> queue(options);
    queue.put(0);
    EXPECT_TRUE(ends_well(Process(method(), keep_options, queue)));
    EXPECT_TRUE(queue.full());
}

TEST_P(Inheritance, items_put_before_the_start_are_there_for_the_child) {
    const Machine machine;
    machine.jobs.put_many(std::vector{1, 2, 3});
    machine.jobs.shutdown();
    EXPECT_TRUE(ends_well(Process(method(), machine)));
    EXPECT_EQ(take_all(machine.results), (std::vector{10, 20, 30}));
}

TEST_P(Inheritance, items_of_a_child_outlive_it) {
    const Queue<int> queue;
    EXPECT_TRUE(ends_well(Process(method(), put_seven, queue)));
    EXPECT_EQ(queue.qsize(), 1U);
    EXPECT_EQ(value_of(queue.get_nowait()), 7);
}

void stay(const Queue<int>& queue, const Queue<int>& says) {
    must(queue.qsize() == 0);
    says.put(1);
    (void)queue.get();
}

TEST_P(Inheritance, a_child_is_a_participant_of_its_own_from_its_first_use_to_its_end) {
    const Queue<int> queue;
    const Queue<int> says;
    EXPECT_EQ(queue.stats().participants, 1U);
    std::vector<Process> children;
    for (unsigned i = 1; i <= 3; ++i) {
        children.emplace_back(method(), stay, queue, says);
        (void)says.get();
        EXPECT_EQ(queue.stats().participants, 1U + i);
    }
    queue.put_many(std::vector{1, 2, 3});
    for (Process& each : children) EXPECT_TRUE(ends_well(each));
    EXPECT_EQ(queue.stats().participants, 1U);
}

TEST_P(Inheritance, a_child_that_returns_from_its_function_is_no_death) {
    const Queue<int> queue;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(ends_well(Process(method(), put_seven, queue)));
    queue.bytes().notice_deaths();
    EXPECT_EQ(queue.stats().deaths, 0U);
}

void leave_a_thread_waiting(const Queue<int>& queue) {
    std::atomic<pid_t> waiting{0};
    std::thread([queue, &waiting] {
        waiting.store(this_thread());
        (void)queue.get();
    }).detach();
    while (waiting.load() == 0) std::this_thread::yield();
    until_asleep(this_process(), waiting.load());
}

TEST_P(Inheritance, a_child_may_return_while_a_thread_of_it_still_waits_in_get) {
    const Queue<int> queue;
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(ends_well(Process(method(), leave_a_thread_waiting, queue)));
    queue.put(1);
    EXPECT_EQ(take(queue), 1);
}

TEST_P(Inheritance, a_killed_child_is_a_death) {
    const Queue<int> queue;
    const Queue<int> says;
    Process child(method(), stay, queue, says);
    (void)says.get();
    child.kill();
    child.join();
    queue.bytes().notice_deaths();
    EXPECT_EQ(queue.stats().deaths, 1U);
    EXPECT_EQ(queue.stats().participants, 1U);
}

}  // namespace
}  // namespace procession::testing
