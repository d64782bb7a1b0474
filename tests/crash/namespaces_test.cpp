// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Pids mean nothing to us: not a pid that is used again, not the same pid in two namespaces.

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstring>
#include <functional>
#include <string>

#include "procession/procession.h"
#include "support/gate.h"
#include "support/queue_helpers.h"

namespace procession {
namespace {

using testing::Gate;
using testing::kill_and_collect;
using testing::must;

// Runs `act` to its end in a child; returns its exit code, 98 for an exception.
int run_in_child(const std::function<void()>& act) {
    const int child = ::fork();
    if (child == 0) {
        try {
            act();
        } catch (const std::exception& failed) {
            std::fprintf(stderr, "child: %s\n", failed.what());
            ::_exit(98);
        }
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

constexpr int kNotPermitted = 77;

enum class Proc { outer, own };

// The first process, with pid 1, of a pid namespace of its own. Not permitted: kNotPermitted.
int run_in_pid_namespace(Proc proc, const std::function<void()>& act) {
    return run_in_child([&] {
        const int mounts = proc == Proc::own ? CLONE_NEWNS : 0;
        // A process that is not root needs a user namespace for it.
        if (::unshare(CLONE_NEWPID | mounts) != 0 &&
            ::unshare(CLONE_NEWUSER | CLONE_NEWPID | mounts) != 0) {
            ::_exit(kNotPermitted);
        }
        ::_exit(run_in_child([&] {
            must(::getpid() == 1);
            if (proc == Proc::own) {
                const bool mounted =
                    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                    ::mount("proc", "/proc", "proc", 0, nullptr) == 0;
                if (!mounted) ::_exit(kNotPermitted);
            }
            act();
        }));
    });
}

#define EXPECT_GOOD_END_IF_PERMITTED(run)                                                        \
    do {                                                                                         \
        const int exit_code = (run);                                                             \
        if (exit_code == kNotPermitted) GTEST_SKIP() << "pid namespaces are not permitted here"; \
        EXPECT_EQ(exit_code, 0);                                                                 \
    } while (false)

// A child with this very pid, of a process that may choose it.
template <class Act>
int fork_as(int pid, Act act) {
    clone_args how{};
    how.exit_signal = SIGCHLD;
    how.set_tid = reinterpret_cast<std::uint64_t>(&pid);
    how.set_tid_size = 1;
    const auto made = static_cast<int>(::syscall(SYS_clone3, &how, sizeof how));
    if (made == 0) {
        act();
        ::_exit(0);
    }
    if (made < 0 && errno == EPERM) ::_exit(kNotPermitted);
    must(made == pid);
    return made;
}

TEST(ReusedPid, of_one_that_never_uses_the_queue_does_not_keep_the_dead_alive) {
    EXPECT_GOOD_END_IF_PERMITTED(run_in_pid_namespace(Proc::outer, [] {
        const JoinableQueue<int> queue;
        queue.put(1);
        const int victim = fork_as(7, [&] {
            const auto lease = queue.get();
            ::raise(SIGKILL);
        });
        must(::waitpid(victim, nullptr, 0) == victim);
        Gate gate;
        const int bystander = fork_as(7, [&] { gate.wait(); });
        must(bystander == victim && ::kill(victim, 0) == 0);
        auto again = queue.get();
        must(again.deliveries() == 2);
        must(queue.deaths().front().pid == 7);
        gate.open();
        must(::waitpid(bystander, nullptr, 0) == bystander);
    }));
}

TEST(ReusedPid, of_one_that_uses_the_queue_is_another_participant) {
    EXPECT_GOOD_END_IF_PERMITTED(run_in_pid_namespace(Proc::outer, [] {
        const JoinableQueue<int> queue;
        queue.put_many(std::vector{1, 2});
        const auto take_and_stop = [&] {
            const auto lease = queue.get();
            ::raise(SIGSTOP);
        };
        const int victim = fork_as(7, take_and_stop);
        must(testing::until_stopped(victim));
        kill_and_collect(victim);
        const int successor = fork_as(7, take_and_stop);
        must(testing::until_stopped(successor));
        // The one has the item that was in the log, the dead one's comes back, and only that.
        must(queue.bytes().notice_deaths() == 1);
        const auto all = queue.participants();
        must(all.size() == 2 && all[1].pid == 7 && all[1].is_alive && all[1].items_held == 1);
        must(queue.deaths().front().pid == 7 && queue.deaths().front().id != all[1].id);
        auto again = queue.get();
        must(*again == 1 && again.deliveries() == 2);
        kill_and_collect(successor);
        must(queue.get().deliveries() == 2);
        must(queue.stats().deaths == 2);
    }));
}

class PidNamespaces : public ::testing::TestWithParam<Proc> {};
INSTANTIATE_TEST_SUITE_P(With, PidNamespaces, ::testing::Values(Proc::outer, Proc::own),
                         [](const auto& each) {
                             return std::string(each.param == Proc::own ? "its_own_proc"
                                                                        : "the_outer_proc");
                         });

TEST_P(PidNamespaces, a_death_inside_is_noticed_outside) {
    const JoinableQueue<int> queue;
    queue.put(1);
    EXPECT_GOOD_END_IF_PERMITTED(run_in_pid_namespace(GetParam(), [&] {
        const int victim = ::fork();
        if (victim == 0) {
            const auto lease = queue.get();
            ::kill(::getpid(), SIGKILL);
        }
        must(::waitpid(victim, nullptr, 0) == victim);
    }));
    auto again = queue.get();
    EXPECT_EQ(again.deliveries(), 2U);
    const auto deaths = queue.deaths();
    ASSERT_EQ(deaths.size(), 1U);
    EXPECT_EQ(deaths[0].pid, 2) << "as its own namespace numbers it";
    again.done();
}

TEST_P(PidNamespaces, a_death_outside_is_noticed_inside) {
    const JoinableQueue<int> queue;
    queue.put(1);
    const int victim = ::fork();
    if (victim == 0) {
        const auto lease = queue.get();
        ::raise(SIGSTOP);
    }
    ASSERT_TRUE(testing::until_stopped(victim));
    const JoinableQueue<int> told;
    Gate gate;
    Process killer(fork, [&] {
        static_cast<void>(told.get());  // the process inside is about to wait
        ::kill(victim, SIGKILL);
    });
    EXPECT_GOOD_END_IF_PERMITTED(run_in_pid_namespace(GetParam(), [&] {
        must(queue.bytes().notice_deaths() == 0);
        told.put(1);
        auto again = queue.get();
        must(again.deliveries() == 2);
        again.done();
        must(queue.deaths().front().pid == victim);
        must(queue.deaths().front().repaired_by == 1);
        queue.close();
        told.close();
    }));
    EXPECT_EQ(::waitpid(victim, nullptr, 0), victim);
    EXPECT_TRUE(queue.join());
    killer.join();
}

TEST_P(PidNamespaces, the_same_pid_in_two_of_them_is_two_participants) {
    EXPECT_GOOD_END_IF_PERMITTED(run_in_pid_namespace(GetParam(), [] {}));
    const JoinableQueue<int> queue;
    const Queue<int> ready;
    queue.put_many(std::vector{1, 2});
    const auto hold_one = [&](Gate& gate) {
        return run_in_pid_namespace(GetParam(), [&] {
            auto lease = queue.get();
            ready.put(*lease);
            gate.wait();
            if (*lease == 1) ::_exit(0);  // dies with it
            lease.done();
            queue.close();
            ready.close();
        });
    };
    Gate first_gate;
    Gate second_gate;
    Process first(fork, [&] { throw SystemExit{hold_one(first_gate)}; });
    Process second(fork, [&] { throw SystemExit{hold_one(second_gate)}; });
    for (int i = 0; i < 2; ++i) static_cast<void>(ready.get());
    const auto all = queue.participants();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[1].pid, 1);
    EXPECT_EQ(all[2].pid, 1);
    EXPECT_EQ(all[1].items_held, 1U);
    EXPECT_EQ(all[2].items_held, 1U);
    first_gate.let_one_pass();
    second_gate.let_one_pass();
    first.join();
    second.join();
    auto again = queue.get();
    EXPECT_EQ(*again, 1) << "the one that died without finishing";
    again.done();
    EXPECT_TRUE(queue.join(Deadline::now()));
    EXPECT_EQ(queue.stats().deaths, 1U);
}

}  // namespace
}  // namespace procession
