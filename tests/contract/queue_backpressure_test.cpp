// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "support/queue_helpers.h"

// Several processes on several bounded queues: order, conservation, and no deadlock.

namespace procession::testing {
namespace {

using Clock = std::chrono::steady_clock;

template <class Kind>
class QueueTraffic : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueTraffic, BothKindsStarted, KindName);

template <class Queue>
void answer(const Queue& questions, const Queue& answers) {
    for (auto item : questions) answers.put(value_of(std::move(item)) + 1);
}

TYPED_TEST(QueueTraffic, two_bounded_queues_and_a_parent_that_does_both_do_not_lock_up) {
    using Items = typename TestFixture::Ints;
    const Items tasks(4);
    const Items answers(4);
    std::vector<Process> workers;
    for (int i = 0; i < 3; ++i)
        workers.emplace_back(TypeParam::method, answer<Items>, tasks, answers);
    constexpr int count = 5000;
    int sent = 0;
    long sum = 0;
    for (int received = 0; received < count; ++received) {
        while (sent < count && tasks.try_put(sent).has_value()) ++sent;
        sum += take(answers);
    }
    EXPECT_EQ(sum, static_cast<long>(count) * (count + 1) / 2);
    tasks.shutdown();
    for (Process& each : workers) EXPECT_TRUE(ends_well(each));
    EXPECT_TRUE(tasks.empty());
    EXPECT_TRUE(answers.empty());
}

TYPED_TEST(QueueTraffic, twenty_thousand_round_trips) {
    using Items = typename TestFixture::Ints;
    const Items there(1);
    const Items back(1);
    Process child(TypeParam::method, answer<Items>, there, back);
    for (int i = 0; i < 20'000; ++i) {
        there.put(i);
        ASSERT_EQ(take(back), i + 1);
    }
    there.shutdown();
    EXPECT_TRUE(ends_well(child));
}

struct Stamped {
    int producer = 0;
    int number = 0;
    std::int64_t began = 0;  // this put
};
/// When the puts of one producer returned.
struct Returned {
    int producer = 0;
    std::vector<std::int64_t> at;
};

template <class Queue>
void produce(const Queue& queue, const procession::Queue<Returned>& ends, int producer, int count) {
    const auto now = [] { return Clock::now().time_since_epoch().count(); };
    Returned returned{producer, {}};
    for (int number = 0; number < count; ++number) {
        queue.put({producer, number, now()});
        returned.at.push_back(now());
    }
    ends.put(returned);
}

TYPED_TEST(QueueTraffic, one_consumer_sees_the_order_of_all_producers) {
    using Items = typename TestFixture::template QueueOf<Stamped>;
    constexpr int producers = 4;
    constexpr int each = sanitized ? 1000 : 5000;
    const Items queue(16);
    const procession::Queue<Returned> ends;
    std::vector<Process> children;
    for (int i = 0; i < producers; ++i)
        children.emplace_back(TypeParam::method, produce<Items>, queue, ends, i, each);
    std::vector<Stamped> got;
    while (got.size() < producers * each) got.push_back(take(queue));
    std::map<int, Returned> returned;
    for (int i = 0; i < producers; ++i) {
        const Returned one = take(ends);
        returned[one.producer] = one;
    }
    std::map<int, int> next;
    std::int64_t latest_begin = 0;
    for (const Stamped& item : got) {
        ASSERT_EQ(item.number, next[item.producer]++) << "in the order of its producer";
        const auto end = returned[item.producer].at.at(static_cast<std::size_t>(item.number));
        ASSERT_GE(end, latest_begin) << "its put had returned before that of an earlier one began";
        latest_begin = std::max(latest_begin, item.began);
    }
    for (Process& child : children) EXPECT_TRUE(ends_well(child));
}

template <class Queue>
void consume_in_order(const Queue& queue, const procession::Queue<std::vector<long>>& sums) {
    std::map<int, int> last;
    std::vector<long> found(4);
    for (auto item : queue) {
        const Stamped stamped = value_of(std::move(item));
        must(!last.contains(stamped.producer) || last[stamped.producer] < stamped.number);
        last[stamped.producer] = stamped.number;
        found.at(static_cast<std::size_t>(stamped.producer)) += stamped.number + 1;
    }
    sums.put(found);
}

TYPED_TEST(QueueTraffic, four_producers_and_four_consumers_lose_nothing_and_keep_the_order) {
    using Items = typename TestFixture::template QueueOf<Stamped>;
    constexpr int each = sanitized ? 1000 : 5000;
    const Items queue(32);
    const procession::Queue<Returned> ends;
    const procession::Queue<std::vector<long>> sums;
    std::vector<Process> producers;
    std::vector<Process> consumers;
    for (int i = 0; i < 4; ++i) {
        consumers.emplace_back(TypeParam::method, consume_in_order<Items>, queue, sums);
        producers.emplace_back(TypeParam::method, produce<Items>, queue, ends, i, each);
    }
    for (Process& each_producer : producers) EXPECT_TRUE(ends_well(each_producer));
    queue.shutdown();
    for (Process& each_consumer : consumers) EXPECT_TRUE(ends_well(each_consumer));
    std::vector<long> total(4);
    for (int i = 0; i < 4; ++i) {
        const std::vector<long> found = take(sums);
        for (std::size_t p = 0; p < 4; ++p) total[p] += found[p];
    }
    EXPECT_EQ(total, std::vector<long>(4, static_cast<long>(each) * (each + 1) / 2));
    EXPECT_EQ(queue.stats().taken, 4U * each);
}

template <class Queue>
void put_one_by_one(const Queue& queue, int count) {
    for (int i = 0; i < count; ++i) queue.put(i);
}

TYPED_TEST(QueueTraffic, many_producers_waiting_at_a_full_queue_are_all_served) {
    using Items = typename TestFixture::Ints;
    const Items queue(1);
    std::vector<Process> producers;
    for (int i = 0; i < 8; ++i)
        producers.emplace_back(TypeParam::method, put_one_by_one<Items>, queue, 200);
    long sum = 0;
    for (int i = 0; i < 8 * 200; ++i) sum += take(queue);
    EXPECT_EQ(sum, 8L * 199 * 200 / 2);
    for (Process& each : producers) EXPECT_TRUE(ends_well(each));
}

class QueuePipeline : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, QueuePipeline, both_start_methods(), start_method_name);

struct Stage {
    Queue<std::string> in{2};
    Queue<std::string> out{2};
    std::string mark;
    void operator()() const {
        for (const std::string& text : in) out.put(text + mark);
        out.shutdown();
    }
};

TEST_P(QueuePipeline, of_three_stages_ends_from_its_start_to_its_end) {
    const Stage one{.mark = "a"};
    const Stage two{.in = one.out, .mark = "b"};
    const Stage three{.in = two.out, .mark = "c"};
    std::vector<Process> stages;
    for (const Stage& each : {one, two, three}) stages.emplace_back(method(), each);
    OnThread feeder([&] {
        for (int i = 0; i < 500; ++i) one.in.put(std::to_string(i));
        one.in.shutdown();
    });
    int next = 0;
    for (const std::string& text : three.out) ASSERT_EQ(text, std::to_string(next++) + "abc");
    EXPECT_EQ(next, 500);
    for (Process& each : stages) EXPECT_TRUE(ends_well(each));
}

}  // namespace
}  // namespace procession::testing
