// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include "contract/passing_fixture.h"

// Queues, connections and handles as elements of queues: they reach processes that were running
// before they existed.

namespace procession::testing {

/// A request that says where its answer is to go.
struct Question {
    int number = 0;
    Queue<int> answers;
};
struct Bundle {
    std::string label;
    std::vector<Handle> files;
    std::optional<JoinableQueue<std::string>> queue;
};

namespace {

class Passing : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(Each, Passing, all_start_methods(), show_start_method);

void answer(const JoinableQueue<Question>& questions) {
    for (auto question : questions) {
        question->answers.put(question->number * 2);
        question.done();
    }
}

TEST_P(Passing, a_queue_reaches_a_process_that_was_running_before_it_existed) {
    const JoinableQueue<Question> questions;
    Process child(method(), answer, questions);
    for (int i = 0; i < 3; ++i) {
        const Queue<int> answers;
        questions.put({i, answers});
        EXPECT_EQ(answers.get(), 2 * i);
    }
    questions.join();
    questions.shutdown();
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

void put_one_and_die(const Queue<Queue<int>>& carrier) {
    const Queue<int> made_here;
    made_here.put(42);
    carrier.put(made_here);
    ::raise(SIGKILL);
}

TEST_P(Passing, the_sender_may_be_dead_when_the_item_is_taken) {
    const Queue<Queue<int>> carrier;
    Process child(method(), put_one_and_die, carrier);
    child.join();
    const Queue<int> queue = carrier.get();
    EXPECT_EQ(queue.get(), 42);
}

void write_at_position(const Queue<Handle>& files) {
    const Handle file = files.get();
    must(::write(file.get(), "child", 5) == 5);
}

TEST_P(Passing, a_file_keeps_its_position) {
    const Queue<Handle> files;
    Process child(method(), write_at_position, files);
    const Handle file = open_end(folder_.file("shared"), O_RDWR | O_CREAT);
    ASSERT_EQ(::write(file.get(), "parent ", 7), 7);
    files.put(file.duplicate());
    child.join();
    ASSERT_EQ(::write(file.get(), " parent", 7), 7);
    EXPECT_EQ(file_text(folder_.file("shared")), "parent child parent");
}

void say_where(const Queue<ByteConnection>& connections) {
    connections.get().send(std::string("here"));
}

TEST_P(Passing, a_connection_is_the_same_end) {
    const Queue<ByteConnection> connections;
    Process child(method(), say_where, connections);
    auto [mine, its] = Pipe();
    connections.put(its);
    its.close();
    EXPECT_EQ(mine.recv<std::string>(), "here");
    child.join();
    EXPECT_THROW((void)mine.recv<std::string>(), EOFError) << "nobody holds the other end any more";
}

TEST(PassingItems, may_hold_any_number_of_objects_and_none) {
    const Queue<Bundle> bundles;
    bundles.put({"none", {}, {}});
    EXPECT_EQ(keeper_pid(), 0) << "nothing to keep, no keeper";
    Bundle large{"large", {}, JoinableQueue<std::string>()};
    for (int i = 0; i < 700; ++i) large.files.push_back(open_end("/dev/null", O_RDWR));
    bundles.put(large);
    EXPECT_EQ(bundles.get().label, "none");
    const Bundle arrived = bundles.get();
    EXPECT_EQ(arrived.label, "large");
    EXPECT_EQ(arrived.files.size(), 700U);
    arrived.queue->put("through it");
    EXPECT_EQ(take(*large.queue), "through it");
}

TEST(PassingItems, go_by_every_verb) {
    const Queue<Queue<int>> carrier;
    const Queue<int> one;
    const Queue<int> two;
    carrier.put_nowait(one);
    EXPECT_TRUE(carrier.try_put(two).has_value());
    EXPECT_EQ(carrier.put_many(std::vector{one, two, one}), 3U);
    EXPECT_EQ(carrier.try_get().value(), one);
    EXPECT_EQ(carrier.get_many(10), (std::vector{two, one, two, one}));
    carrier.put(one);
    carrier.shutdown();
    for (const auto& queue : carrier) EXPECT_EQ(queue, one);
}

TEST(PassingItems, of_a_queue_through_itself) {
    const JoinableQueue<std::vector<Handle>> handles;
    std::vector<Handle> some;
    some.push_back(Handle::duplicate_of(open_end("/dev/null", O_RDWR).get()));
    handles.put(some);
    auto lease = handles.get();
    EXPECT_TRUE((*lease)[0].valid());
    lease.done();
    EXPECT_EQ(handles.unfinished(), 0U);
}

TEST(PassingItems, that_find_no_room_leave_nothing_at_the_keeper) {
    const Queue<Queue<int>> carrier{1};
    const Queue<int> queue;
    carrier.put(queue);
    let_keeper_settle();
    const auto before = descriptors_of(keeper_pid());
    const Queue<Queue<int>> other{1};
    const Queue<int> fresh;
    other.put(fresh);
    EXPECT_THROW(other.put(Queue<int>(), 1ms), Full);
    EXPECT_EQ(other.put_many(std::vector{Queue<int>(), Queue<int>()}, 1ms), 0U);
    static_cast<void>(other.get());
    let_keeper_settle();
    EXPECT_EQ(descriptors_of(keeper_pid()), before);
}

TEST(PassingItems, that_cannot_be_encoded_are_refused_where_they_are_put) {
    Writer writer;
    EXPECT_THROW(encode(writer, Queue<int>()), SharingError);
    const Queue<std::vector<Handle>> carrier;
    std::vector<Handle> closed;
    closed.emplace_back(12345);
    EXPECT_THROW(carrier.put(closed), OSError);
    [[maybe_unused]] const auto not_ours = closed[0].release();
    EXPECT_TRUE(carrier.empty());
    EXPECT_EQ(carrier.stats().put, 0U);
}

}  // namespace
}  // namespace procession::testing
