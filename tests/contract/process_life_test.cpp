// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "contract/process_fixture.h"
#include "os/signals.h"
#include "os/wait.h"
#include "procession/error.h"

namespace procession::testing {

using namespace detail;
namespace {

using namespace std::chrono_literals;

class ProcessLife : public EachStartMethod {
  protected:
    /// A child that runs, and does so until it is killed.
    Process start_and_see_it_run(ProcessOptions options = {}) {
        const std::string fifo = folder_.fifo("up" + std::to_string(count_++));
        Process child(method(), options, wait_for_death, fifo);
        EXPECT_EQ(read_line(open_end(fifo, O_RDONLY)), "up");
        return child;
    }
    int count_ = 0;
};
INSTANTIATE_TEST_SUITE_P(StartMethods, ProcessLife, all_start_methods(), show_start_method);

TEST_P(ProcessLife, a_function_that_returns_gives_exit_code_0) {
    Process child(method(), do_nothing);
    EXPECT_TRUE(child.join());
    EXPECT_EQ(child.exit_code(), 0);
    EXPECT_FALSE(child.exception());
    EXPECT_FALSE(child.is_alive());
}

int give_5() { return 5; }

TEST_P(ProcessLife, the_return_value_is_ignored) {
    Process child(method(), give_5);
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

TEST_P(ProcessLife, system_exit_gives_its_exit_code_and_is_no_exception) {
    Process child(method(), exit_with, 7);
    child.join();
    EXPECT_EQ(child.exit_code(), 7);
    EXPECT_FALSE(child.exception());
}

TEST_P(ProcessLife, an_exit_code_is_cut_to_what_the_kernel_keeps) {
    Process child(method(), exit_with, 256 + 3);
    child.join();
    EXPECT_EQ(child.exit_code(), 3);
}

void throw_runtime_error(const std::string& what) { throw std::runtime_error(what); }

TEST_P(ProcessLife, an_exception_is_carried_to_the_parent) {
    const StderrTo nowhere("/dev/null");
    Process child(method(), throw_runtime_error, "no such tree");
    child.join();
    EXPECT_EQ(child.exit_code(), 1);
    ASSERT_TRUE(child.exception());
    EXPECT_EQ(child.exception()->type, "std::runtime_error");
    EXPECT_EQ(child.exception()->message, "no such tree");
}

TEST_P(ProcessLife, an_exception_is_shown_on_the_childs_stderr) {
    const std::string shown = folder_.file("stderr");
    {
        const StderrTo file(shown);
        Process child(method(), {.name = "worker-1"}, throw_runtime_error, "what");
        child.join();
    }
    EXPECT_EQ(file_text(shown), "Process worker-1: exception std::runtime_error: what\n");
}

TEST_P(ProcessLife, an_enormous_exception_is_cut_and_hangs_no_process) {
    const StderrTo nowhere("/dev/null");
    Process child(method(), throw_runtime_error, std::string(1 << 16, 'x'));
    child.join();
    EXPECT_EQ(child.exit_code(), 1);
    ASSERT_TRUE(child.exception());
    EXPECT_EQ(child.exception()->message, std::string(3072, 'x'));
}

void throw_an_int() { throw 42; }

TEST_P(ProcessLife, an_exception_of_any_type_is_carried_by_its_type) {
    const StderrTo nowhere("/dev/null");
    Process child(method(), throw_an_int);
    child.join();
    EXPECT_EQ(child.exit_code(), 1);
    ASSERT_TRUE(child.exception());
    EXPECT_EQ(child.exception()->type, "int");
    EXPECT_EQ(child.exception()->message, "");
}

TEST_P(ProcessLife, terminate_gives_minus_the_number_of_its_signal) {
    Process child = start_and_see_it_run();
    EXPECT_FALSE(child.exit_code());
    child.terminate();
    child.join();
    EXPECT_EQ(child.exit_code(), -os::signal_terminate);
    EXPECT_FALSE(child.exception());
}

TEST_P(ProcessLife, kill_gives_minus_the_number_of_its_signal) {
    Process child = start_and_see_it_run();
    child.kill();
    child.join();
    EXPECT_EQ(child.exit_code(), -os::signal_kill);
}

void wait_for_interrupt(const std::string& fifo) {
    stop_ignoring_interrupts();  // as a shell's background jobs do
    wait_for_death(fifo);
}

TEST_P(ProcessLife, interrupt_gives_minus_the_number_of_its_signal) {
    if (!can_interrupt()) GTEST_SKIP() << "Wine has no console from which to interrupt";
    const std::string fifo = folder_.fifo("up");
    Process child(method(), wait_for_interrupt, fifo);
    ASSERT_EQ(read_line(open_end(fifo, O_RDONLY)), "up");
    child.interrupt();
    child.join();
    EXPECT_EQ(child.exit_code(), -os::signal_interrupt);
}

TEST_P(ProcessLife, signals_to_a_child_that_has_ended_are_no_error) {
    Process child(method(), do_nothing);
    ASSERT_TRUE(os::wait_readable(child.sentinel(), Deadline::never()));
    child.terminate();  // not collected yet
    child.join();
    child.kill();  // collected
    child.interrupt();
    EXPECT_EQ(child.exit_code(), 0);
}

TEST_P(ProcessLife, join_with_a_deadline_says_whether_the_child_has_ended) {
    const std::string fifo = folder_.fifo("leave");
    Process child(method(), wait_for_leave, fifo);
    EXPECT_FALSE(child.join(1ms));
    EXPECT_FALSE(child.join(Deadline::now()));
    EXPECT_TRUE(child.is_alive());
    open_end(fifo, O_WRONLY).reset();
    EXPECT_TRUE(child.join());
    EXPECT_TRUE(child.join());
    EXPECT_TRUE(child.join(Deadline::now()));
    EXPECT_EQ(child.exit_code(), 0);
}

TEST_P(ProcessLife, the_sentinel_becomes_readable_when_the_child_ends) {
    Process child = start_and_see_it_run();
    EXPECT_FALSE(os::wait_readable(child.sentinel(), Deadline::now()));
    child.kill();
    EXPECT_TRUE(os::wait_readable(child.sentinel(), Deadline::never()));
    child.join();
    EXPECT_TRUE(os::wait_readable(child.sentinel(), Deadline::now())) << "and it stays so";
}

TEST_P(ProcessLife, several_threads_may_wait_for_one_child) {
    Process child = start_and_see_it_run();
    std::vector<std::thread> waiting;
    std::atomic<int> seen{0};
    for (int i = 0; i < 4; ++i)
        waiting.emplace_back(
            [&] { seen += child.join() && child.exit_code() == -os::signal_terminate; });
    child.terminate();
    for (auto& each : waiting) each.join();
    EXPECT_EQ(seen, 4);
}

void wait_and_write(const std::string& fifo, const std::string& result) {
    wait_for_leave(fifo);
    write_file(result, "done");
}

TEST_P(ProcessLife, the_destructor_waits_for_the_child) {
    const std::string fifo = folder_.fifo("leave");
    const std::string result = folder_.file("result");
    std::thread opener;
    {
        const Process child(method(), wait_and_write, fifo, result);
        opener = std::thread([&] { open_end(fifo, O_WRONLY); });
    }
    opener.join();
    EXPECT_EQ(file_text(result), "done");
}

TEST_P(ProcessLife, the_destructor_of_a_daemon_terminates_it) {
    int pid = 0;
    {
        Process child = start_and_see_it_run({.daemon = true});
        EXPECT_TRUE(child.daemon());
        pid = child.pid();
    }
    EXPECT_FALSE(is_there(pid)) << "it is gone and collected";
}

TEST_P(ProcessLife, a_moved_process_is_the_same_child) {
    Process child = start_and_see_it_run();
    const int pid = child.pid();
    Process moved = std::move(child);
    EXPECT_EQ(moved.pid(), pid);
    EXPECT_THROW((void)child.pid(), ValueError);  // NOLINT(bugprone-use-after-move): the point
    EXPECT_THROW(child.join(), ValueError);
    EXPECT_THROW((void)child.exit_code(), ValueError);
    moved.terminate();
}

TEST_P(ProcessLife, assigning_to_a_process_waits_for_the_child_it_held) {
    const std::string fifo = folder_.fifo("leave");
    const std::string result = folder_.file("result");
    Process child(method(), wait_and_write, fifo, result);
    Process next(method(), do_nothing);
    std::thread opener([&] { open_end(fifo, O_WRONLY); });
    child = std::move(next);
    opener.join();
    EXPECT_EQ(file_text(result), "done");
}

TEST_P(ProcessLife, close_refuses_while_the_child_runs_and_lets_go_of_one_that_ended) {
    Process child = start_and_see_it_run();
    EXPECT_THROW(child.close(), ValueError);
    child.kill();
    child.join();
    child.close();
    EXPECT_THROW(child.close(), ValueError);
    EXPECT_THROW((void)child.is_alive(), ValueError);
}

TEST_P(ProcessLife, active_children_are_those_that_run) {
    EXPECT_TRUE(active_children().empty());
    Process first = start_and_see_it_run({.name = "first"});
    Process second(method(), {.name = "second"}, exit_with, 9);
    ASSERT_TRUE(os::wait_readable(second.sentinel(), Deadline::never()));
    const auto active = active_children();
    ASSERT_EQ(active.size(), 1U);
    EXPECT_EQ(active[0].pid, first.pid());
    EXPECT_EQ(active[0].name, "first");
    EXPECT_EQ(second.exit_code(), 9) << "what it collected is not lost";
    first.kill();
    first.join();
    EXPECT_TRUE(active_children().empty());
}

void expect_no_active_children() { throw SystemExit{active_children().empty() ? 0 : 1}; }

TEST_P(ProcessLife, a_child_begins_without_children) {
    Process other = start_and_see_it_run();
    Process child(method(), expect_no_active_children);
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
    other.kill();
}

TEST_P(ProcessLife, many_children_at_once_each_give_their_own_code) {
    std::vector<Process> children;
    for (int i = 0; i < 20; ++i) children.emplace_back(method(), exit_with, i);
    for (int i = 0; i < 20; ++i) {
        auto& child = children[static_cast<std::size_t>(i)];
        child.join();
        EXPECT_EQ(child.exit_code(), i);
    }
}

TEST(Process, without_a_child_it_refuses_everything_but_assignment) {
    Process none;
    EXPECT_THROW((void)none.pid(), ValueError);
    EXPECT_THROW(none.terminate(), ValueError);
    EXPECT_THROW((void)none.sentinel(), ValueError);
    none = Process(do_nothing);
    EXPECT_GT(none.pid(), 0);
}

#ifndef _WIN32

TEST(Process, of_a_parent_cannot_be_used_by_a_fork_child) {
    const Folder folder;
    const std::string fifo = folder.fifo("leave");
    Process sibling(fork, wait_for_leave, fifo);
    Process child(fork, [&] {
        int refused = 0;
        const auto count = [&](auto&& use) {
            try {
                use();
            } catch (const ValueError& error) {
                const std::string_view what(error.what());
                refused += what.find("can only join a child process") != what.npos;
            }
        };
        count([&] { sibling.join(); });
        count([&] { sibling.kill(); });
        count([&] { (void)sibling.exit_code(); });
        count([&] { (void)sibling.sentinel(); });
        Process dropped = std::move(sibling);  // its destructor neither waits nor kills
        throw SystemExit{refused};
    });
    child.join();
    EXPECT_EQ(child.exit_code(), 4);
    EXPECT_TRUE(sibling.is_alive());
    open_end(fifo, O_WRONLY).reset();
}

TEST(Process, of_a_daemon_that_ignores_sigterm_is_killed_in_the_end) {
    const Folder folder;
    const std::string fifo = folder.fifo("up");
    int pid = 0;
    {
        const Process child(fork, {.daemon = true}, [&] {
            std::signal(SIGTERM, SIG_IGN);
            wait_for_death(fifo);
        });
        read_line(open_end(fifo, O_RDONLY));
        pid = child.pid();
    }
    EXPECT_FALSE(is_there(pid));
}

#endif

}  // namespace
}  // namespace procession::testing
