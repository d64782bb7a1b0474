// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

#include "contract/process_fixture.h"
#include "os/threads.h"
#include "process/forkserver_client.h"
#include "procession/current_process.h"
#include "procession/handle.h"
#include "procession/log.h"
#include "support/queue_helpers.h"

// What is special about children of the forkserver. That they are like others is tested where
// the start methods are.

namespace procession::testing {

using namespace detail;
namespace {

/// 0 when this process has started none.
int server_pid() { return child_called("--procession-forkserver="); }
void kill_server() { kill_helper(server_pid()); }

int of_the_parent = 0;
void expect_clean() {
    must(of_the_parent == 0);
    must(os::count_threads() == 1);
    must(current_process().start_method == StartMethod::forkserver);
}

TEST(ForkServer, forks_from_a_memory_that_is_not_its_parents_and_one_thread) {
    of_the_parent = 7;
    std::thread another([] {
        Process child(forkserver, expect_clean);
        child.join();
        EXPECT_EQ(child.exit_code(), 0);
    });
    another.join();
    of_the_parent = 0;
}

void say_parent(const Queue<int>& answers) {
    answers.put(parent_process()->pid);
    answers.put(::getppid());
}

TEST(ForkServer, is_one_for_all_children_and_none_of_their_parents) {
    const Queue<int> answers;
    Process first(forkserver, say_parent, answers);
    Process second(forkserver, say_parent, answers);
    first.join();
    second.join();
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(answers.get(), ::getpid()) << "who has asked for it";
        EXPECT_EQ(answers.get(), server_pid()) << "who has forked it";
    }
    EXPECT_EQ(active_children().size(), 0U);
}

int loaded = 0;
void load() { ++loaded; }
void expect_loaded() { must(loaded == 1); }
void fail_to_load() { throw std::runtime_error("no such model"); }

TEST(ForkServerPreload, runs_once_before_the_children) {
    set_forkserver_preload(load);
    Process first(forkserver, expect_loaded);
    Process second(forkserver, expect_loaded);
    first.join();
    second.join();
    EXPECT_EQ(first.exit_code(), 0);
    EXPECT_EQ(second.exit_code(), 0);
    set_forkserver_preload(nullptr);
    EXPECT_EQ(loaded, 0) << "not here";
}

TEST(ForkServerPreload, that_throws_is_the_error_of_each_start) {
    set_forkserver_preload(fail_to_load);
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(contains(message_of<ProcessError>([] { Process(forkserver, do_nothing); }),
                             "no such model"));
    }
    set_forkserver_preload(nullptr);
    process::end_forkserver();
    Process child(forkserver, do_nothing);
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

TEST(ForkServerDeath, between_two_starts_is_no_matter) {
    for (int i = 0; i < 3; ++i) {
        Process child(forkserver, exit_with, i);
        child.join();
        EXPECT_EQ(child.exit_code(), i);
        kill_server();
    }
}

TEST(ForkServerDeath, leaves_its_children_alone_and_their_end_is_noticed) {
    const Folder folder;
    Process child(forkserver, wait_for_leave, folder.fifo("leave"));
    kill_server();
    EXPECT_TRUE(child.is_alive());
    open_end(folder.file("leave"), O_WRONLY);
    child.join();
    EXPECT_EQ(child.exit_code(), 0) << "as the child reported it";
    Process other(forkserver, wait_for_death, folder.fifo("up"));
    read_line(open_end(folder.file("up"), O_RDONLY));
    kill_server();
    other.kill();
    other.join();
    EXPECT_EQ(other.exit_code(), 255) << "nobody was left who knows";
}

TEST(ForkServerDeath, in_the_middle_of_a_start_is_an_error_and_the_next_one_works) {
    Process first(forkserver, do_nothing);
    first.join();
    const int server = server_pid();
    ASSERT_EQ(::kill(server, SIGSTOP), 0);
    std::atomic<pid_t> starter{0};
    std::thread start([&starter] {
        starter.store(this_thread());
        starter.notify_all();
        EXPECT_TRUE(contains(message_of<ProcessError>([] { Process(forkserver, do_nothing); }),
                             "the next start makes another one"));
    });
    starter.wait(0);
    until_asleep_in(SYS_ppoll, ::getpid(), starter.load());  // waits for the answer
    ASSERT_EQ(::kill(server, SIGKILL), 0);
    start.join();
    Process second(forkserver, do_nothing);
    second.join();
    EXPECT_EQ(second.exit_code(), 0);
}

void expect_no_signal_blocked_and_die_of_one() {
    sigset_t mask;
    must(::pthread_sigmask(SIG_SETMASK, nullptr, &mask) == 0);
    must(sigisemptyset(&mask) == 1);
    ::raise(SIGTERM);
}

TEST(ForkServerSignals, that_reach_a_whole_command_end_the_children_and_not_the_server) {
    Process first(forkserver, do_nothing);
    first.join();
    const int server = server_pid();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        ASSERT_EQ(::kill(server, signal), 0);
        Process child(forkserver, expect_no_signal_blocked_and_die_of_one);
        child.join();
        EXPECT_EQ(child.exit_code(), -SIGTERM);
        EXPECT_EQ(server_pid(), server);
    }
}

void hold_for_ever(const Handle&) {
    for (;;) ::pause();
}

TEST(ForkServerStart, that_has_no_descriptor_for_the_sentinel_leaves_no_child) {
    if (sanitized) GTEST_SKIP() << "UBSan itself needs a descriptor where an exception is handled";
    Process first(forkserver, do_nothing);
    first.join();
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Handle held_by_nobody(ends[0]);
    Handle held_by_the_child(ends[1]);
    const int server = server_pid();
    ASSERT_EQ(::kill(server, SIGSTOP), 0);
    std::atomic<pid_t> starter{0};
    std::thread start([&] {
        starter.store(this_thread());
        starter.notify_all();
        EXPECT_TRUE(contains(message_of<ProcessError>([&] {
                                 Process(forkserver, hold_for_ever, std::move(held_by_the_child));
                             }),
                             "no descriptor left for its sentinel"));
    });
    starter.wait(0);
    until_asleep_in(SYS_ppoll, ::getpid(), starter.load());  // waits for the answer
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{3, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    ASSERT_EQ(::kill(server, SIGCONT), 0);
    start.join();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    held_by_the_child.reset();
    char byte = 0;
    EXPECT_EQ(::read(held_by_nobody.get(), &byte, 1), 0) << "its last holder is dead";
    EXPECT_EQ(server_pid(), server);
    Process next(forkserver, exit_with, 3);
    next.join();
    EXPECT_EQ(next.exit_code(), 3);
}

struct ManyHandles {
    std::vector<Handle> handles;
};
void expect_many(const ManyHandles& many) {
    must(many.handles.size() == 600);
    for (const auto& each : many.handles) must(::fcntl(each.get(), F_GETFD) == FD_CLOEXEC);
}

TEST(ForkServerHandles, of_one_child_may_be_many_and_none_stays_in_the_server_or_the_next_child) {
    Process warm(forkserver, do_nothing);
    warm.join();
    // It lets go of what is a child's a moment after it has told of its end.
    const auto before = descriptors_of(server_pid());
    ManyHandles many;
    const Handle file = open_end("/dev/null", O_RDWR);
    for (int i = 0; i < 600; ++i) many.handles.push_back(file.duplicate());
    Process child(forkserver, expect_many, many);
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
    Process next(forkserver, do_nothing);
    next.join();
    while (descriptors_of(server_pid()) > before) ::poll(nullptr, 0, 1);
}

void start_and_wait(const std::string& up, const Queue<int>& pids) {
    Process child(forkserver, ProcessOptions{.die_with_parent = true}, wait_for_death, up);
    pids.put(child.pid());
    pids.put(server_pid());
    child.join();
}

TEST(ForkServerFamily, ends_with_the_process_that_has_started_it) {
    // Orphans come here, and are collected.
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    const Folder folder;
    const Queue<int> pids;
    Process parent(spawn, start_and_wait, folder.fifo("up"), pids);
    read_line(open_end(folder.file("up"), O_RDONLY));
    const Relative child(pids.get());
    const Relative server(pids.get());
    parent.kill();
    parent.join();
    server.until_ended();
    child.until_ended();  // since that was asked for
    collect_orphans(0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/// Adopts orphans while it lives, and does not collect them: what was left behind shows.
class Adopting {
  public:
    Adopting() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
    ~Adopting() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
    Adopting(const Adopting&) = delete;
    Adopting& operator=(const Adopting&) = delete;
};

class ForkServerAtExit : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(StartMethods, ForkServerAtExit, all_start_methods(), show_start_method);

enum class ServerIs : std::uint8_t { at_work, stopped };
void use_a_server_and_end(const Queue<int>& pids, ServerIs how) {
    Process(forkserver, do_nothing).join();
    pids.put(server_pid());
    if (how == ServerIs::stopped) must(::kill(server_pid(), SIGSTOP) == 0);
}

TEST_P(ForkServerAtExit, has_ended_and_is_collected_when_the_process_that_started_it_is_gone) {
    const Adopting adopting;
    const Queue<int> pids;
    for (const auto how : {ServerIs::at_work, ServerIs::stopped}) {
        EXPECT_TRUE(ends_well(Process(method(), use_a_server_and_end, pids, how)));
        EXPECT_FALSE(is_there(pids.get()));
    }
}

struct StartsInTheEnd {
    std::string result;
    ~StartsInTheEnd() {
        if (result.empty()) return;
        Process(forkserver, do_nothing).join();
        write_file(result, std::to_string(server_pid()));
    }
};
void start_in_the_destructor_of_a_static(const std::string& result) {
    static StartsInTheEnd in_the_end;
    in_the_end.result = result;
}

TEST(ForkServerAtTheVeryEnd, is_collected_too_when_the_destructor_of_a_static_has_started_it) {
    const Adopting adopting;
    const Folder folder;
    const std::string result = folder.file("server");
    EXPECT_TRUE(ends_well(Process(spawn, start_in_the_destructor_of_a_static, result)));
    EXPECT_FALSE(is_there(std::stoi(file_text(result))));
}

TEST(ForkOfAProgramWithThreads, is_warned_of_once) {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer ends a child that was forked beside another thread";
#endif
    const Folder folder;
    {
        const StderrTo log(folder.file("log"));
        std::atomic<bool> may_end{false};
        std::thread other([&may_end] { may_end.wait(false); });
        for (int i = 0; i < 2; ++i) Process(fork, do_nothing).join();
        may_end.store(true);
        may_end.notify_all();
        other.join();
    }
    const std::string text = file_text(folder.file("log"));
    const auto first = text.find("a process with 2 threads forks");
    EXPECT_NE(first, std::string::npos) << text;
    EXPECT_EQ(text.find("threads forks", first + 30), std::string::npos) << text;
}

}  // namespace
}  // namespace procession::testing
