// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/wait.h>

#include <thread>

#include "contract/process_fixture.h"
#include "procession/error.h"

// Names, relatives, and which processes die with another one.

namespace procession::testing {

using namespace detail;
namespace {

class ProcessFamily : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(StartMethods, ProcessFamily, all_start_methods(), show_start_method);

void expect(bool held) {
    if (!held) throw SystemExit{99};
}

int exit_code_of(Process child) {
    child.join();
    return child.exit_code().value();
}

TEST_P(ProcessFamily, a_child_has_the_name_it_was_given) {
    const Process child(method(), {.name = "worker-7"}, do_nothing);
    EXPECT_EQ(child.name(), "worker-7");
}

void expect_to_be(const std::string& name, int parent, StartMethod method) {
    const CurrentProcess self = current_process();
    expect(self.name == name && self.pid == ::getpid() && self.is_child);
    expect(self.start_method == method);
    expect(parent_process() && parent_process()->pid == parent);
    // The kernel's parent of a forkserver's child is the server.
    expect((::getppid() == parent) == (method != StartMethod::forkserver));
    expect(parent_process()->name == "MainProcess");
}

TEST_P(ProcessFamily, a_child_knows_itself_and_its_parent) {
    EXPECT_EQ(exit_code_of(Process(method(), {.name = "worker-7"}, expect_to_be, "worker-7",
                                   ::getpid(), method())),
              0);
}

TEST(ProcessFamilyOfTheMainProcess, has_no_parent) {
    EXPECT_EQ(current_process().name, "MainProcess");
    EXPECT_EQ(current_process().pid, ::getpid());
    EXPECT_FALSE(current_process().is_child);
    EXPECT_FALSE(current_process().start_method);
    EXPECT_FALSE(parent_process());
}

void expect_grandchildren_to_be_numbered(const std::string& mine) {
    expect(current_process().name == mine);
    for (const auto method : {StartMethod::fork, StartMethod::spawn}) {
        const Process grandchild(method, do_nothing);
        expect(grandchild.name() == mine + (method == StartMethod::fork ? ":1" : ":2"));
    }
}

TEST_P(ProcessFamily, a_child_without_a_name_is_numbered_within_its_family) {
    const Process first(method(), do_nothing);
    ASSERT_EQ(first.name().rfind("Process-", 0), 0U) << first.name();
    const int number = std::stoi(first.name().substr(8));
    const std::string next = "Process-" + std::to_string(number + 1);
    EXPECT_EQ(exit_code_of(Process(method(), expect_grandchildren_to_be_numbered, next)), 0);
}

TEST(ProcessStartMethod, of_a_process_made_without_one_is_the_default) {
    EXPECT_EQ(get_start_method(), StartMethod::spawn);
    EXPECT_EQ(exit_code_of(Process(expect_to_be, "Process-0", ::getpid(), StartMethod::spawn)), 99);
    EXPECT_EQ(exit_code_of(Process({.name = "by-spawn"}, expect_to_be, "by-spawn", ::getpid(),
                                   StartMethod::spawn)),
              0);
    set_start_method(StartMethod::fork);
    EXPECT_EQ(exit_code_of(Process({.name = "by-fork"}, expect_to_be, "by-fork", ::getpid(),
                                   StartMethod::fork)),
              0);
    set_start_method(StartMethod::spawn);
}

TEST(ProcessStartMethod, is_found_by_its_name) {
    for (const auto method : get_all_start_methods())
        EXPECT_EQ(start_method_from_name(name_of(method)), method);
    try {
        (void)start_method_from_name("thread");
        FAIL();
    } catch (const ValueError& error) {
        EXPECT_STREQ(error.what(),
                     "choose start method \"thread\": there is no such start method here; allowed "
                     "are: spawn, fork, forkserver");
    }
}

void expect_default_method(StartMethod expected) { expect(get_start_method() == expected); }

TEST_P(ProcessFamily, a_child_has_its_parents_default_start_method) {
    set_start_method(StartMethod::fork);
    EXPECT_EQ(exit_code_of(Process(method(), expect_default_method, StartMethod::fork)), 0);
    set_start_method(StartMethod::spawn);
    EXPECT_EQ(exit_code_of(Process(method(), expect_default_method, StartMethod::spawn)), 0);
}

// ---- die_with_parent ---------------------------------------------------------------------------

/// Holds the fifo open until it is killed: the reader sees its end exactly then.
void start_one_that_dies_with_me(StartMethod method, const std::string& fifo) {
    const Process child(method, wait_for_death, fifo);
    for (;;) ::pause();
}

TEST_P(ProcessFamily, a_child_that_dies_with_its_parent_does_so_when_that_is_killed) {
    for (const auto method_of_parent : get_all_start_methods()) {
        const std::string fifo = folder_.fifo("up" + std::string(name_of(method_of_parent)));
        Process parent(method_of_parent, start_one_that_dies_with_me, method(), fifo);
        const os::Handle up = open_end(fifo, O_RDONLY);
        EXPECT_EQ(read_line(up), "up");
        parent.kill();
        EXPECT_EQ(read_line(up), "") << "the end: its last holder is gone";
    }
}

enum class End : std::uint8_t { abort, exit, quick_exit, underscore_exit };

/// Its child waits in get(), for what would never come.
void start_a_worker_and_end(StartMethod method, End end, const std::string& fifo) {
    const Queue<int> jobs;
    const Process worker(
        method,
        [](const std::string& says_up, const Queue<int>& waits_for) {
            const os::Handle up = open_end(says_up, O_WRONLY);
            write_text(up, "up\n");
            take(waits_for);
        },
        fifo, jobs);
    read_line(open_end(fifo, O_RDONLY));
    switch (end) {
        case End::abort: std::abort();
        case End::exit: std::exit(0);
        case End::quick_exit: std::quick_exit(0);
        case End::underscore_exit: ::_exit(0);
    }
}

TEST_P(ProcessFamily, a_child_dies_with_its_parent_however_that_ends_unless_told_otherwise) {
    for (const auto end : {End::abort, End::exit, End::quick_exit, End::underscore_exit}) {
        const std::string fifo = folder_.fifo("up" + std::to_string(static_cast<int>(end)));
        // Opened before, so that no line is missed; the worker's end of it is the only other one.
        const os::Handle up = open_end(fifo, O_RDONLY | O_NONBLOCK);
        Process parent(spawn, start_a_worker_and_end, method(), end, fifo);
        parent.join();
        struct pollfd watched{up.get(), POLLIN, 0};
        do {
            ASSERT_EQ(::poll(&watched, 1, -1), 1);
            char letter = 0;
            while (::read(up.get(), &letter, 1) == 1) {}
        } while ((watched.revents & POLLHUP) == 0);
    }
}

void start_one_that_dies_with_me_and_one_that_does_not(StartMethod method, const std::string& up,
                                                       const std::string& leave) {
    const Process dies(method, {.die_with_parent = true}, wait_for_death, up);
    const Process stays(fork, {.die_with_parent = false}, wait_for_leave, leave);
    for (;;) ::pause();
}

TEST_P(ProcessFamily, a_sibling_that_lives_on_keeps_no_other_alive) {
    const std::string up_path = folder_.fifo("up");
    const std::string leave_path = folder_.fifo("leave");
    Process parent(fork, start_one_that_dies_with_me_and_one_that_does_not, method(), up_path,
                   leave_path);
    const os::Handle up = open_end(up_path, O_RDONLY);
    const os::Handle leave = open_end(leave_path, O_WRONLY);  // the sibling is there
    EXPECT_EQ(read_line(up), "up");
    parent.kill();
    EXPECT_EQ(read_line(up), "");
}

void answer_until_the_end(const std::string& questions, const std::string& answers) {
    const os::Handle from = open_end(questions, O_RDONLY);
    const os::Handle to = open_end(answers, O_WRONLY);
    while (read_line(from) == "there?") write_text(to, "yes\n");
}

TEST_P(ProcessFamily, a_child_that_dies_with_its_parent_outlives_the_thread_that_made_it) {
    const std::string questions = folder_.fifo("questions");
    const std::string answers = folder_.fifo("answers");
    Process child;
    std::thread([&] {
        child =
            Process(method(), {.die_with_parent = true}, answer_until_the_end, questions, answers);
    }).join();
    os::Handle to = open_end(questions, O_WRONLY);
    const os::Handle from = open_end(answers, O_RDONLY);
    write_text(to, "there?\n");
    EXPECT_EQ(read_line(from), "yes");
    to.reset();
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

TEST_P(ProcessFamily, a_child_that_does_not_die_with_its_parent_lives_on) {
    const std::string questions = folder_.fifo("questions");
    const std::string answers = folder_.fifo("answers");
    Process parent(fork, [&] {
        const Process child(method(), {.die_with_parent = false}, answer_until_the_end, questions,
                            answers);
        for (;;) ::pause();
    });
    const os::Handle to = open_end(questions, O_WRONLY);
    const os::Handle from = open_end(answers, O_RDONLY);
    parent.kill();
    parent.join();
    write_text(to, "there?\n");
    EXPECT_EQ(read_line(from), "yes");
}

void end_with_a_daemon(StartMethod method, const std::string& fifo) {
    static Process daemon;  // not destroyed before the exit handlers, nor at all in a fork child
    daemon = Process(method, {.daemon = true}, wait_for_death, fifo);
    read_line(open_end(fifo, O_RDONLY));
}

TEST_P(ProcessFamily, a_daemon_ends_when_the_program_that_started_it_does) {
    for (const auto method_of_parent : get_all_start_methods()) {
        const std::string fifo = folder_.fifo("up" + std::string(name_of(method_of_parent)));
        const os::Handle up = open_end(fifo, O_RDONLY | O_NONBLOCK);
        EXPECT_EQ(exit_code_of(Process(method_of_parent, end_with_a_daemon, method(), fifo)), 0);
        struct pollfd watched{up.get(), POLLIN, 0};
        ASSERT_EQ(::poll(&watched, 1, -1), 1);
        char letter = 0;
        while (::read(up.get(), &letter, 1) == 1) {}
        EXPECT_EQ(::read(up.get(), &letter, 1), 0) << "no writer is left";
    }
}

// ---- other code that looks after children ------------------------------------------------------

void start_while_sigchld_is_ignored(StartMethod method) {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGCHLD, &ignore, nullptr);
    Process reports(method, exit_with, 7);
    reports.join();
    expect(reports.exit_code() == 7);
    Process killed(method, wait_for_leave, "/nonexistent");
    killed.kill();
    killed.join();
    expect(!killed.is_alive());
}

TEST_P(ProcessFamily, a_program_that_ignores_sigchld_still_learns_how_its_children_ended) {
    EXPECT_EQ(exit_code_of(Process(fork, start_while_sigchld_is_ignored, method())), 0);
}

TEST_P(ProcessFamily, a_child_collected_by_other_code_has_the_exit_code_it_reported) {
    if (method() == StartMethod::forkserver) GTEST_SKIP() << "only the server can collect it";
    Process child(method(), exit_with, 7);
    ASSERT_EQ(::waitpid(child.pid(), nullptr, 0), child.pid());
    EXPECT_TRUE(child.join());
    EXPECT_EQ(child.exit_code(), 7);
    const std::string fifo = folder_.fifo("up");
    Process silent(method(), wait_for_death, fifo);
    read_line(open_end(fifo, O_RDONLY));
    silent.kill();
    ASSERT_EQ(::waitpid(silent.pid(), nullptr, 0), silent.pid());
    EXPECT_EQ(silent.exit_code(), 255) << "nobody knows";
}

TEST_P(ProcessFamily, the_signal_handlers_of_the_program_are_untouched) {
    struct sigaction before{};
    struct sigaction after{};
    ::sigaction(SIGCHLD, nullptr, &before);
    exit_code_of(Process(method(), do_nothing));
    ::sigaction(SIGCHLD, nullptr, &after);
    EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST_P(ProcessFamily, what_is_buffered_at_the_start_is_written_once) {
    const std::string shown = folder_.file("stdout");
    const os::Handle file = open_end(shown, O_WRONLY | O_CREAT | O_APPEND);
    const os::Handle kept = os::Handle::duplicate_of(STDOUT_FILENO);
    std::fflush(stdout);
    ::dup2(file.get(), STDOUT_FILENO);
    std::printf("parent\n");
    exit_code_of(Process(method(), [] { std::printf("child\n"); }));
    std::fflush(stdout);
    ::dup2(kept.get(), STDOUT_FILENO);
    EXPECT_EQ(file_text(shown), "parent\nchild\n");
}

struct LeavesMark {
    std::string path;
    ~LeavesMark() {
        if (!path.empty()) write_file(path, "destroyed");
    }
};

TEST(ProcessUnderFork, runs_neither_the_destructors_nor_the_exit_handlers_of_its_parent) {
    const Folder folder;
    static std::string at_exit_mark;
    at_exit_mark = folder.file("at_exit");
    Process outer(fork, [&] {
        std::atexit([] { write_file(at_exit_mark, "ran"); });
        const LeavesMark on_the_stack{folder.file("destroyed")};
        exit_code_of(Process(fork, do_nothing));
        ::_exit(std::filesystem::exists(on_the_stack.path) || std::filesystem::exists(at_exit_mark)
                    ? 1
                    : 0);
    });
    outer.join();
    EXPECT_EQ(outer.exit_code(), 0);
}

TEST(ProcessUnderFork, that_ends_its_thread_ends) {
    Process child(fork, [] { ::pthread_exit(nullptr); });
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

}  // namespace
}  // namespace procession::testing
