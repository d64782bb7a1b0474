// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The kernel tells which participants are alive: neither the slow nor the stopped are taken for
// dead, and neither an exec nor an inherited descriptor keeps the dead alive.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "procession/procession.h"
#include "support/gate.h"
#include "support/sudden_death.h"

namespace procession {
namespace {

using namespace std::chrono_literals;
using testing::Gate;
using testing::until_stopped;

TEST(Liveness, a_stopped_participant_keeps_its_items) {
    JoinableQueue<int> queue;
    queue.put(1);
    Process holder(procession::fork, [&] {
        auto lease = queue.get();
        ::raise(SIGSTOP);
        lease.done();
    });
    ASSERT_TRUE(until_stopped(holder.pid()));
    EXPECT_EQ(queue.bytes().notice_deaths(), 0U);
    EXPECT_FALSE(queue.try_get(120ms).has_value()) << "the naps of a waiter do not take it either";
    ::kill(holder.pid(), SIGCONT);
    EXPECT_TRUE(queue.join());
    EXPECT_EQ(queue.stats().redelivered, 0U);
}

TEST(Liveness, the_end_of_a_thread_is_not_the_end_of_its_process) {
    JoinableQueue<int> queue;
    queue.put(1);
    std::optional<Lease<int>> lease;
    std::thread([&] { lease.emplace(queue.get()); }).join();
    EXPECT_EQ(queue.bytes().notice_deaths(), 0U);
    EXPECT_FALSE(queue.try_get(20ms).has_value());
    lease->done();
    EXPECT_TRUE(queue.join(Deadline::now()));
}

TEST(Liveness, an_exec_ends_the_participant_though_its_pid_lives_on) {
    JoinableQueue<int> queue;
    Queue<int> taken;
    queue.put(1);
    Gate gate;
    Process changed(procession::fork, [&] {
        auto lease = queue.get();
        taken.put(1);
        ::dup2(gate.reader(), STDIN_FILENO);
        ::execl("/bin/cat", "cat", static_cast<char*>(nullptr));
    });
    static_cast<void>(taken.get());
    auto again = queue.get();
    EXPECT_EQ(again.deliveries(), 2U);
    EXPECT_TRUE(changed.is_alive());
    again.done();
    gate.open();
    changed.join();
}

TEST(Liveness, a_child_forked_by_the_user_does_not_keep_its_parent_alive) {
    JoinableQueue<int> queue;
    Queue<int> taken;
    queue.put(1);
    Gate gate;
    Process holder(procession::fork, [&] {
        auto lease = queue.get();
        taken.put(1);
        if (::fork() == 0) {
            gate.wait();
            ::_exit(0);
        }
        ::kill(::getpid(), SIGKILL);
    });
    static_cast<void>(taken.get());
    // The grandchild is there, with everything that it inherited.
    auto again = queue.get();
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
    gate.open();
}

TEST(Liveness, a_process_that_ends_without_a_word_gives_its_items_back) {
    JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2, 3});
    Process holder(procession::fork, [&] {
        const auto leases = queue.get_many(2);
        ::_exit(0);
    });
    holder.join();
    EXPECT_EQ(queue.qsize(), 3U) << "at once, when the end is known";
    for (const int expected : {1, 2, 3}) {
        auto lease = queue.get();
        EXPECT_EQ(*lease, expected);
        lease.done();
    }
    EXPECT_EQ(queue.stats().deaths, 1U);
}

TEST(Liveness, a_child_that_returns_leaves_in_good_order) {
    JoinableQueue<int> queue;
    queue.put(1);
    Process holder(procession::fork, [&] { static_cast<void>(queue.get()); });
    holder.join();
    EXPECT_EQ(queue.stats().deaths, 0U);
    EXPECT_EQ(queue.qsize(), 1U);
}

TEST(Liveness, a_slot_is_used_again_after_its_owners_death) {
    Queue<int> queue;
    for (int i = 0; i < 50; ++i) {
        Process victim(procession::fork, [&] {
            queue.put(1);
            ::kill(::getpid(), SIGKILL);
        });
    }
    EXPECT_EQ(queue.qsize(), 50U);
    EXPECT_EQ(queue.stats().participants, 1U);
    EXPECT_EQ(queue.stats().deaths, 50U);
}

#ifdef PROCESSION_KILL_POINTS

TEST(Liveness, a_producer_stopped_while_it_holds_the_lock_delays_others_only_to_their_deadline) {
    Queue<int> queue;
    Process stopped(procession::fork, [&] {
        testing::stop_at_step("log.append.copied");
        queue.put(1);
    });
    ASSERT_TRUE(until_stopped(stopped.pid()));
    EXPECT_THROW(queue.put(2, 30ms), PeerStopped) << "not Full: that would not be true";
    EXPECT_THROW(queue.put_nowait(2), PeerStopped);
    EXPECT_FALSE(queue.try_put(2, 30ms).has_value());
    EXPECT_FALSE(queue.try_get().has_value()) << "consumers are not concerned";
    ::kill(stopped.pid(), SIGCONT);
    stopped.join();
    queue.put(2);
    EXPECT_EQ(queue.get(), 1);
    EXPECT_EQ(queue.get(), 2);
}

TEST(Liveness, a_consumer_stopped_while_it_holds_the_lock_delays_others_only_to_their_deadline) {
    Queue<int> queue;
    queue.put(1);
    queue.put(2);
    Process stopped(procession::fork, [&] {
        testing::stop_at_step("log.advance.ready");
        static_cast<void>(queue.get());
    });
    ASSERT_TRUE(until_stopped(stopped.pid()));
    EXPECT_THROW(static_cast<void>(queue.get(30ms)), PeerStopped) << "2 is there: not Empty";
    EXPECT_THROW(static_cast<void>(queue.get_nowait()), PeerStopped);
    queue.put(3);
    ::kill(stopped.pid(), SIGCONT);
    stopped.join();
    EXPECT_EQ(queue.get(), 2);
}

TEST(Liveness, behind_a_stopped_participant_what_is_true_is_told_full_and_empty_included) {
    Queue<int> full{1};
    full.put(1);
    Queue<int> empty;
    Process stopped(procession::fork, [&] {
        testing::stop_at_step("lock.acquired");
        static_cast<void>(full.try_put(2));
    });
    ASSERT_TRUE(until_stopped(stopped.pid()));
    EXPECT_THROW(full.put(2, 30ms), Full);
    EXPECT_THROW(static_cast<void>(empty.get(30ms)), Empty);
    stopped.kill();
}

TEST(Liveness, a_participant_stopped_and_then_killed_is_dead) {
    JoinableQueue<int> queue;
    queue.put(1);
    Process stopped(procession::fork, [&] {
        testing::stop_at_step("done.begun");
        queue.get().done();
    });
    ASSERT_TRUE(until_stopped(stopped.pid()));
    stopped.kill();
    auto again = queue.get();
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
    EXPECT_TRUE(queue.join());
}

#endif

}  // namespace
}  // namespace procession
