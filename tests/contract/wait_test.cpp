// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "contract/process_fixture.h"
#include "procession/pipe.h"
#include "procession/wait.h"
#include "support/queue_helpers.h"

// wait(): one call for connections, sentinels, queues and other handles.

namespace procession::testing {
namespace {

using Places = std::vector<std::size_t>;

class Wait : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(Each, Wait, all_start_methods(), show_start_method);

TEST(WaitFor, nothing_lasts_until_the_deadline) {
    EXPECT_EQ(wait({}, 1ms), Places());
    const auto [one, other] = Pipe();
    EXPECT_EQ(wait({one, other}, 1ms), Places());
    EXPECT_EQ(wait({one, other}, Deadline::now()), Places());
}

TEST(WaitFor, messages_and_the_end_of_a_connection) {
    auto [one, other] = Pipe();
    auto [third, fourth] = Pipe<int>();
    one.send(1);
    EXPECT_EQ(wait({one, other, third}), (Places{1}));
    fourth.close();
    EXPECT_EQ(wait({one, other, third}), (Places{1, 2}));
}

TEST(WaitFor, items_of_queues) {
    const Queue<int> queue;
    const JoinableQueue<int> jobs;
    const auto [one, other] = Pipe();
    std::thread producer([&] { jobs.put(1); });
    EXPECT_EQ(wait({one, queue, jobs}), (Places{2}));
    producer.join();
    queue.put(1);
    const ReadyHandle ready = queue.ready_handle();
    EXPECT_EQ(wait({ready}), (Places{0}));
    (void)jobs.get().done();
}

TEST(WaitFor, what_is_closed_is_a_closed_error) {
    auto [one, other] = Pipe();
    one.close();
    EXPECT_THROW((void)wait({other, one}), ClosedError);
    const Queue<int> queue;
    queue.close();
    EXPECT_THROW((void)wait({queue}), ClosedError);
}

TEST_P(Wait, for_the_end_of_a_process_among_others) {
    const auto [mine, its] = Pipe();
    const std::string fifo = folder_.fifo("leave");
    Process child(method(), wait_for_leave, fifo);
    EXPECT_EQ(wait({mine, child}, Deadline::now()), Places());
    open_end(fifo, O_WRONLY);
    EXPECT_EQ(wait({mine, child}), (Places{1}));
}

TEST(WaitFor, any_number_of_things) {
    const ManyHandles allowed;
    if (allowed.count() < 4000) GTEST_SKIP() << "only so many files allowed: " << allowed.count();
    std::vector<std::pair<ByteConnection, ByteConnection>> pipes;
    std::vector<Waitable> things;
    for (int i = 0; i < 1500; ++i) things.emplace_back(pipes.emplace_back(Pipe()).first);
    EXPECT_EQ(wait(things, Deadline::now()), Places());
    pipes[3].second.send(1);
    pipes[1234].second.send(1);
    EXPECT_EQ(wait(things), (Places{3, 1234}));
}

}  // namespace
}  // namespace procession::testing
