// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "contract/process_fixture.h"
#include "support/queue_helpers.h"

// Queues and handles as elements of queues: they reach processes that were running before they
// existed.

namespace procession::testing {

/// A request that says where its answer is to go.
struct Question {
    int number = 0;
    Queue<int> answers;
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
    kill_this_process();
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
    write_text(file, "child");
}

TEST_P(Passing, a_file_keeps_its_position) {
    const Queue<Handle> files;
    Process child(method(), write_at_position, files);
    const Handle file = open_file(folder_.file("shared"));
    write_text(file, "parent ");
    files.put(file.duplicate());
    child.join();
    write_text(file, " parent");
    EXPECT_EQ(file_text(folder_.file("shared")), "parent child parent");
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

TEST(PassingItems, reach_the_process_that_has_put_them) {
    const Folder folder;
    const JoinableQueue<std::vector<Handle>> handles;
    std::vector<Handle> some;
    some.push_back(open_file(folder.file("some")));
    handles.put(some);
    auto lease = handles.get();
    EXPECT_TRUE((*lease)[0].valid());
    lease.done();
    EXPECT_EQ(handles.unfinished(), 0U);
}

TEST(PassingItems, that_cannot_be_encoded_are_refused_where_they_are_put) {
    Writer writer;
    EXPECT_THROW(encode(writer, Queue<int>()), SharingError);
    const Queue<std::vector<Handle>> carrier;
    std::vector<Handle> closed;
    closed.emplace_back(no_such_handle());
    EXPECT_THROW(carrier.put(closed), OSError);
    [[maybe_unused]] const auto not_ours = closed[0].release();
    EXPECT_TRUE(carrier.empty());
    EXPECT_EQ(carrier.stats().put, 0U);
}

}  // namespace
}  // namespace procession::testing
