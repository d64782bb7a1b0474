// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "contract/process_fixture.h"
#include "procession/wait.h"

// Ends and waits, as Windows has them.

namespace procession::testing {
namespace {

void touch_nothing() {
    ::SetErrorMode(SEM_NOGPFAULTERRORBOX);
    ::RaiseException(EXCEPTION_ACCESS_VIOLATION, 0, 0, nullptr);
}
void end_with_all_bits() { ::TerminateProcess(::GetCurrentProcess(), 0xfffffffe); }

TEST(WindowsExitCode, of_a_crash_is_its_status) {
    Process child(touch_nothing);
    child.join();
    EXPECT_EQ(child.exit_code(), static_cast<int>(0xc0000005));
}

TEST(WindowsExitCode, may_have_all_32_bits) {
    Process child(end_with_all_bits);
    child.join();
    EXPECT_EQ(child.exit_code(), -2);
}

void put_when_told(const JoinableQueue<int>& told, const Queue<int>& to) { to.put(take(told)); }

TEST(WindowsWait, is_for_processes_queues_and_handles_alike) {
    const JoinableQueue<int> told;
    const Queue<int> answers;
    const Handle event(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    Process child(put_when_told, told, answers);
    EXPECT_EQ(wait({child, answers, event.get()}, Deadline::now()), std::vector<std::size_t>());
    ::SetEvent(event.get());
    EXPECT_EQ(wait({child, answers, event.get()}), std::vector<std::size_t>{2});
    ::ResetEvent(event.get());
    told.put(7);
    EXPECT_EQ(wait({answers}), std::vector<std::size_t>{0});
    EXPECT_EQ(answers.get(), 7);
    EXPECT_EQ(wait({child}), std::vector<std::size_t>{0});
    EXPECT_TRUE(ends_well(child));
}

void work(const JoinableQueue<int>& numbers, const Queue<int>& squares) {
    for (auto number : numbers) {
        squares.put(*number * *number);
        number.done();
    }
}

TEST(WindowsChildren, more_than_one_wait_of_windows_can_watch_work_on_one_queue) {
    constexpr int count = 70;
    const JoinableQueue<int> numbers;
    const Queue<int> squares;
    std::vector<Process> children;
    children.reserve(count);
    for (int i = 0; i < count; ++i) children.emplace_back(work, numbers, squares);
    for (int i = 0; i < count; ++i) numbers.put(i);
    numbers.join();
    std::vector<Waitable> all;
    for (const auto& each : children) all.emplace_back(each);
    EXPECT_TRUE(wait(all, Deadline::now()).empty());
    children[count - 1].kill();
    EXPECT_EQ(wait(all), std::vector<std::size_t>{count - 1});
    numbers.shutdown();
    for (int i = 0; i < count - 1; ++i) {
        const auto place = static_cast<std::size_t>(i);
        EXPECT_TRUE(ends_well(children[place])) << i;
    }
    children[count - 1].join();
    const auto all_squares = take_all(squares);
    EXPECT_EQ(all_squares.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(std::accumulate(all_squares.begin(), all_squares.end(), 0),
              (count - 1) * count * (2 * count - 1) / 6);
}

}  // namespace
}  // namespace procession::testing
