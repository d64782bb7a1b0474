// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/process_future.h"

#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "contract/process_fixture.h"
#include "procession/queue.h"

// run(): a function in a process of its own, and its result.

namespace procession::testing {
namespace {

class ProcessFutures : public EachStartMethod {};

int sum(int one, int other) { return one + other; }
std::vector<std::string> twice(const std::string& text) { return {text, text}; }
void put(const Queue<int>& queue) { queue.put(7); }
std::string big() { return std::string(std::size_t{20} << 20, 'x'); }
int refuse(int number) { throw std::invalid_argument("not " + std::to_string(number)); }
int die() {
    ::raise(SIGKILL);
    return 0;
}
int leave() { throw SystemExit{5}; }
int wait_for(const Queue<int>& queue) { return queue.get(); }

TEST_P(ProcessFutures, have_what_the_function_returns) {
    auto three = run(method(), sum, 1, 2);
    auto texts = run(method(), twice, "a");
    auto much = run(method(), big);
    EXPECT_EQ(much.get().size(), std::size_t{20} << 20);
    EXPECT_EQ(texts.get(), (std::vector<std::string>{"a", "a"}));
    EXPECT_EQ(three.get(), 3);
    EXPECT_THROW((void)three.get(), ValueError) << "it was moved out";
}

TEST_P(ProcessFutures, of_functions_that_return_nothing_say_when_they_have_ended) {
    const Queue<int> queue;
    auto done = run(method(), put, queue);
    done.get();
    EXPECT_EQ(queue.get_nowait(), 7);
}

TEST_P(ProcessFutures, tell_the_exception_that_ended_the_function) {
    auto refused = run(method(), {.name = "refuser"}, refuse, 4);
    for (int again = 0; again < 2; ++again) {
        try {
            (void)refused.get();
            FAIL() << "a value";
        } catch (const ChildError& thrown) {
            EXPECT_EQ(thrown.type(), "std::invalid_argument");
            EXPECT_EQ(thrown.object(), "refuser");
            EXPECT_NE(std::string(thrown.what()).find("not 4"), std::string::npos) << thrown.what();
        }
    }
}

TEST_P(ProcessFutures, tell_that_the_child_ended_without_a_result) {
    auto killed = run(method(), die);
    EXPECT_NE(message_of<ProcessError>([&] { (void)killed.get(); }).find("-9"), std::string::npos);
    auto left = run(method(), leave);
    EXPECT_NE(message_of<ProcessError>([&] { (void)left.get(); }).find("5"), std::string::npos);
}

TEST_P(ProcessFutures, can_be_asked_again_after_a_deadline) {
    const Queue<int> queue;
    auto later = run(method(), wait_for, queue);
    EXPECT_FALSE(later.is_ready());
    EXPECT_THROW((void)later.get(1ms), TimeoutError);
    queue.put(3);
    EXPECT_EQ(later.get(), 3);
    EXPECT_TRUE(later.process().join());
    EXPECT_EQ(later.process().exit_code(), 0);
}

TEST(ProcessFuturesByFork, take_any_callable) {
    const auto kept = std::make_unique<int>(20);
    auto doubled = run(fork, [&](int number) { return *kept + number; }, 3);
    EXPECT_EQ(doubled.get(), 23);
}

INSTANTIATE_TEST_SUITE_P(StartMethods, ProcessFutures, all_start_methods(), show_start_method);

}  // namespace
}  // namespace procession::testing
