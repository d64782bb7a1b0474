// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <stdexcept>
#include <vector>

#include "contract/process_fixture.h"
#include "procession/log.h"

// Exceptions of a parent that destroy its Process objects: nothing is left that could tell the
// children that the work is over.

namespace procession::testing {
namespace {

struct Mistake : std::runtime_error {
    Mistake() : std::runtime_error("something went wrong in the parent") {}
};

class ProcessUnwinding : public EachStartMethod {
  protected:
    /// A child that waits in get() for ever.
    template <class Queue>
    Process start_and_see_it_wait(const Queue& jobs) {
        const std::string fifo = folder_.fifo("up" + std::to_string(count_++));
        Process child(method(), say_up_and_work<Queue>, fifo, jobs);
        EXPECT_EQ(read_line(open_end(fifo, O_RDONLY)), "up");
        return child;
    }

    template <class Queue>
    static void say_up_and_work(const std::string& fifo, const Queue& jobs) {
        write_text(open_end(fifo, O_WRONLY), "up\n");
        for (;;) take(jobs);
    }

    const StderrTo nowhere_{"/dev/null"};  // where the warning goes
    int count_ = 0;
};
INSTANTIATE_TEST_SUITE_P(StartMethods, ProcessUnwinding, all_start_methods(), show_start_method);

template <class Queue, class Start>
int pid_after_a_mistake(Start start) {
    int pid = 0;
    try {
        const Queue jobs;
        const Process worker = start(jobs);
        pid = worker.pid();
        throw Mistake();
    } catch (const Mistake&) {}
    return pid;
}

TEST_P(ProcessUnwinding, ends_a_child_that_waits_for_work) {
    const auto start = [this](const auto& jobs) { return start_and_see_it_wait(jobs); };
    EXPECT_FALSE(is_there(pid_after_a_mistake<Queue<int>>(start)));
    EXPECT_FALSE(is_there(pid_after_a_mistake<JoinableQueue<int>>(start)));
}

TEST_P(ProcessUnwinding, ends_all_children_of_a_vector) {
    std::vector<int> pids;
    try {
        const JoinableQueue<int> jobs;
        std::vector<Process> workers;  // moves them when it grows
        for (int i = 0; i < 5; ++i) {
            workers.push_back(start_and_see_it_wait(jobs));
            pids.push_back(workers.back().pid());
        }
        throw Mistake();
    } catch (const Mistake&) {}
    for (const int pid : pids) EXPECT_FALSE(is_there(pid));
}

TEST_P(ProcessUnwinding, ends_a_child_that_was_assigned) {
    int pid = 0;
    try {
        const Queue<int> jobs;
        Process worker;
        worker = start_and_see_it_wait(jobs);
        pid = worker.pid();
        throw Mistake();
    } catch (const Mistake&) {}
    EXPECT_FALSE(is_there(pid));
}

void take_one_and_write(const Queue<int>& jobs, const std::string& result) {
    write_file(result, std::to_string(jobs.get()));
}

TEST_P(ProcessUnwinding, that_is_over_when_the_object_ends_leaves_the_child_alone) {
    const std::string result = folder_.file("result");
    {
        const Queue<int> jobs;
        const Process worker(method(), take_one_and_write, jobs, result);
        try {
            throw Mistake();
        } catch (const Mistake&) {
            jobs.put(7);
        }
    }
    EXPECT_EQ(file_text(result), "7");
}

/// Its destructor does some work in a child.
struct WorksInTheEnd {
    StartMethod method;
    std::string result;
    ~WorksInTheEnd() {
        const Queue<int> jobs;
        const Process worker(method, take_one_and_write, jobs, result);
        jobs.put(8);
    }
};

TEST_P(ProcessUnwinding, that_began_before_a_child_was_started_waits_for_that_child) {
    const std::string result = folder_.file("result");
    try {
        const WorksInTheEnd in_the_end{method(), result};
        throw Mistake();
    } catch (const Mistake&) {}
    EXPECT_EQ(file_text(result), "8");
}

TEST_P(ProcessUnwinding, of_a_childs_function_ends_its_own_children) {
    const std::string fifo = folder_.fifo("grandchild");
    Process child(
        method(),
        [](StartMethod start, const std::string& path) {
            const Process grandchild(start, wait_for_death, path);
            read_line(open_end(path, O_RDONLY));
            throw Mistake();
        },
        method(), fifo);
    child.join();
    EXPECT_EQ(child.exit_code(), 1);
    EXPECT_EQ(child.exception()->message, Mistake().what());
}

std::vector<std::string> logged;  // by this thread only

TEST_P(ProcessUnwinding, that_ends_a_child_is_logged) {
    logged.clear();
    set_log_sink([](LogLevel, std::string_view line) { logged.emplace_back(line); });
    const auto start = [this](const auto& jobs) { return start_and_see_it_wait(jobs); };
    const int pid = pid_after_a_mistake<Queue<int>>(start);
    set_log_sink(nullptr);
    ASSERT_EQ(logged.size(), 1U);
    EXPECT_TRUE(contains(logged[0], "(pid " + std::to_string(pid) + "), which still runs"));
}

#ifndef _WIN32

TEST(ProcessUnwindingUnderFork, kills_a_child_that_ignores_sigterm_in_the_end) {
    const Folder folder;
    const StderrTo nowhere("/dev/null");
    const std::string fifo = folder.fifo("up");
    int pid = 0;
    try {
        const Process child(fork, [&] {
            std::signal(SIGTERM, SIG_IGN);
            wait_for_death(fifo);
        });
        read_line(open_end(fifo, O_RDONLY));
        pid = child.pid();
        throw Mistake();
    } catch (const Mistake&) {}
    EXPECT_FALSE(is_there(pid));
}

#endif

}  // namespace
}  // namespace procession::testing
