// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant that is stopped, traced or slow is alive, wherever in the queue it is: no other
// participant takes over from it or breaks its locks.

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include "base/step.h"
#include "procession/procession.h"
#include "support/gate.h"
#include "support/queue_helpers.h"
#include "support/shared_notes.h"

namespace procession {

using namespace detail;
namespace {

using namespace std::chrono_literals;
using testing::SharedNotes;
using Texts = JoinableQueue<std::string>;

// As the kernel shows it: R running, S sleeping, T stopped, t traced, Z dead.
char state_of(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto end_of_name = text.rfind(')');
    return end_of_name == std::string::npos ? '?' : text[end_of_name + 2];
}

struct Signs {
    std::atomic<bool> is_there{false};
    std::atomic<bool> may_go_on{false};
};

/// How a process stands still.
enum class Stillness { stopped, traced, slow };

// Where the victim stands still, and how: set in the child.
const char* place = nullptr;
Stillness manner = Stillness::stopped;
Signs* signs = nullptr;

void stand_still(const char* step) {
    if (place == nullptr || std::strcmp(step, place) != 0) return;
    place = nullptr;
    if (manner != Stillness::slow) {
        ::raise(SIGSTOP);
        return;
    }
    // Gets hardly any time, and does not do with it what others wait for.
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_IDLE, &none);
    signs->is_there = true;
    while (!signs->may_go_on) {}
}

/// One that stands still at a step of the protocol, or, without a name, after `act`.
class StillOne {
  public:
    template <class Act>
    StillOne(Stillness how, const char* step, Act act) : how_(how) {
        pid_ = ::fork();
        if (pid_ == 0) {
            place = step;
            manner = how;
            signs = &*signs_;
#ifdef PROCESSION_KILL_POINTS
            base::step_hook.store(stand_still);
#endif
            act();
            ::_exit(0);
        }
        wait_until_there();
    }
    [[nodiscard]] int pid() const { return pid_; }
    // Lets it go on to its end; returns its exit status.
    int go_on() {
        signs_->may_go_on = true;
        if (how_ == Stillness::traced) ::ptrace(PTRACE_DETACH, pid_, nullptr, nullptr);
        ::kill(pid_, SIGCONT);
        int status = 0;
        EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
        return status;
    }

  private:
    void wait_until_there() {
        if (how_ == Stillness::slow) {
            while (!signs_->is_there) std::this_thread::yield();
            return;
        }
        ASSERT_TRUE(testing::until_stopped(pid_));
        if (how_ == Stillness::stopped) {
            EXPECT_EQ(state_of(pid_), 'T');
            return;
        }
        // As a debugger does that is attached to it.
        ASSERT_EQ(::ptrace(PTRACE_SEIZE, pid_, nullptr, nullptr), 0) << std::strerror(errno);
        ASSERT_EQ(::ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr), 0);
        ASSERT_EQ(::waitpid(pid_, nullptr, __WALL), pid_);
        EXPECT_EQ(state_of(pid_), 't');
    }

    Stillness how_;
    SharedNotes<Signs> signs_;
    int pid_ = 0;
};

class Alive : public ::testing::TestWithParam<Stillness> {
  protected:
    static void expect_nobody_dead(const Texts& queue) {
        EXPECT_EQ(queue.bytes().notice_deaths(), 0U);
        EXPECT_TRUE(queue.wait_for_deaths(0, 40ms).empty());
        EXPECT_EQ(queue.stats().deaths, 0U);
        EXPECT_EQ(queue.stats().participants, 2U);
    }
};

std::string name_of_stillness(const ::testing::TestParamInfo<Stillness>& each) {
    switch (each.param) {
        case Stillness::stopped: return "stopped";
        case Stillness::traced: return "traced";
        case Stillness::slow: return "slow";
    }
    return "";
}
INSTANTIATE_TEST_SUITE_P(Each, Alive,
                         ::testing::Values(Stillness::stopped, Stillness::traced, Stillness::slow),
                         name_of_stillness);

TEST_P(Alive, with_a_lease_keeps_it) {
    const Texts queue;
    queue.put("x");
    StillOne holder(GetParam(), "", [&] {
        auto lease = queue.get();
        stand_still("");
        lease.done();
        queue.close();
    });
    expect_nobody_dead(queue);
    EXPECT_FALSE(queue.try_get(120ms).has_value()) << "the naps of a waiter do not take it either";
    EXPECT_FALSE(queue.join(40ms));
    const auto all = queue.participants();
    EXPECT_TRUE(all[1].is_alive);
    EXPECT_EQ(all[1].items_held, 1U);
    EXPECT_EQ(holder.go_on(), 0);
    EXPECT_TRUE(queue.join());
    EXPECT_EQ(queue.stats().redelivered, 0U);
    EXPECT_EQ(queue.stats().deaths, 0U);
}

#ifdef PROCESSION_KILL_POINTS

TEST_P(Alive, with_the_producers_lock_keeps_it) {
    const Texts queue;
    queue.put("1");
    StillOne holder(GetParam(), "log.append.copied", [&] {
        queue.put("2");
        queue.close();
    });
    EXPECT_THROW(queue.put("3", 60ms), PeerStopped);
    expect_nobody_dead(queue);
    EXPECT_EQ(queue.get().detach(), "1") << "consumers are not concerned";
    EXPECT_EQ(holder.go_on(), 0);
    queue.put("3");
    EXPECT_EQ(queue.get().detach(), "2");
    EXPECT_EQ(queue.get().detach(), "3");
    EXPECT_EQ(queue.stats().locks_repaired, 0U);
}

TEST_P(Alive, with_the_consumers_lock_keeps_it) {
    const Texts queue;
    queue.put("1");
    queue.put("2");
    StillOne holder(GetParam(), "log.advance.ready", [&] {
        testing::must(testing::take(queue) == "1");
        queue.close();
    });
    EXPECT_THROW(static_cast<void>(queue.get(60ms)), PeerStopped);
    expect_nobody_dead(queue);
    queue.put("3");
    EXPECT_EQ(holder.go_on(), 0);
    EXPECT_EQ(queue.get().detach(), "2");
    EXPECT_EQ(queue.get().detach(), "3");
    EXPECT_EQ(queue.stats().locks_repaired, 0U);
}

TEST_P(Alive, with_the_memory_lock_keeps_it) {
    const Texts queue;
    const std::string big(300'000, 'b');
    StillOne holder(GetParam(), "memory.grow.grown", [&] {
        queue.put(big);
        queue.close();
    });
    EXPECT_THROW(queue.put(big, 60ms), PeerStopped);
    expect_nobody_dead(queue);
    queue.put("small ones are not concerned");
    EXPECT_EQ(holder.go_on(), 0);
    EXPECT_EQ(queue.qsize(), 2U);
    EXPECT_EQ(queue.stats().locks_repaired, 0U);
}

TEST_P(Alive, until_it_is_killed) {
    const Texts queue;
    queue.put("1");
    const StillOne holder(GetParam(), "log.append.copied", [&] {
        const auto lease = queue.get();
        queue.put("2");
    });
    expect_nobody_dead(queue);
    testing::kill_and_collect(holder.pid());
    queue.put("3");
    const auto deaths = queue.wait_for_deaths(0);
    ASSERT_EQ(deaths.size(), 1U);
    EXPECT_TRUE(deaths[0].held_producer_lock);
    EXPECT_EQ(deaths[0].redelivered, 1U);
    EXPECT_EQ(queue.get().deliveries(), 2U) << "before the younger one";
}

#endif

TEST(ProcessWhoseFirstThreadHasEnded, is_alive) {
    const Texts queue;
    queue.put("x");
    const Queue<int> ready;
    testing::Gate gate;
    const int pid = ::fork();
    if (pid == 0) {
        std::thread([&] {
            auto lease = queue.get();
            ready.put(1);
            gate.wait();
            lease.done();
            queue.close();
            ::_exit(0);
        }).detach();
        ::syscall(SYS_exit, 0);  // this thread, and no other
    }
    while (state_of(pid) != 'Z') std::this_thread::yield();
    static_cast<void>(ready.get());
    EXPECT_EQ(queue.bytes().notice_deaths(), 0U);
    EXPECT_FALSE(queue.try_get(60ms).has_value());
    EXPECT_TRUE(queue.participants()[1].is_alive) << "though the kernel shows a zombie";
    gate.open();
    EXPECT_TRUE(queue.join());
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
    EXPECT_EQ(queue.stats().deaths, 0U);
}

}  // namespace
}  // namespace procession
