// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>

#include "support/queue_helpers.h"

// Who dies with whom, while they wait in queues and hold what is in them.

namespace procession::testing {
namespace {

class ProcessFamilyInQueues : public ForStart {
  protected:
    // Orphans become this process's children: their end is an event here.
    void SetUp() override { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }
    void TearDown() override { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
};
INSTANTIATE_TEST_SUITE_P(StartMethods, ProcessFamilyInQueues, both_start_methods(),
                         start_method_name);

struct Waiting {
    JoinableQueue<int> jobs;
    Queue<int> ready;
    void operator()() const {
        const auto lease = jobs.get();
        ready.put(::getpid());
        (void)jobs.get();
    }
};

// Starts one that takes an item and waits for the next, and waits for it.
struct Parent {
    Waiting child;
    StartMethod method = StartMethod::fork;
    bool dies_with_parent = true;
    void operator()() const {
        Process started(method, {.die_with_parent = dies_with_parent}, child);
        started.join();
    }
};

// Orphans come to this process. The children of a forkserver do when that has ended, too.
int collect_orphan(StartMethod method, int pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) != pid) ::poll(nullptr, 0, 1);
    if (method == StartMethod::forkserver) {
        EXPECT_GT(::waitpid(-1, nullptr, 0), 0);
    }
    return status;
}

TEST_P(ProcessFamilyInQueues, a_child_that_waits_in_get_dies_with_its_parent) {
    Parent family;
    family.method = method();
    family.child.jobs.put(1);
    Process parent(fork, family);
    const int child = family.child.ready.get();
    parent.kill();
    parent.join();
    EXPECT_TRUE(WIFSIGNALED(collect_orphan(method(), child)));
    const auto deaths = family.child.jobs.wait_for_deaths(0);
    ASSERT_EQ(deaths.size(), 1U) << "the parent itself never used the queue";
    EXPECT_EQ(deaths[0].pid, child);
    EXPECT_EQ(deaths[0].redelivered, 1U);
    EXPECT_EQ(*family.child.jobs.get(), 1);
}

TEST_P(ProcessFamilyInQueues, a_child_that_waits_in_get_outlives_its_parent_when_not_asked_to_die) {
    Parent family;
    family.method = method();
    family.dies_with_parent = false;
    family.child.jobs.put(1);
    Process parent(fork, family);
    const int child = family.child.ready.get();
    parent.kill();
    parent.join();
    EXPECT_TRUE(family.child.jobs.wait_for_deaths(0, 20ms).empty());
    family.child.jobs.put(2);
    EXPECT_EQ(collect_orphan(method(), child), 0) << "it went on, and ended well";
    EXPECT_TRUE(family.child.jobs.deaths().empty());
    EXPECT_EQ(take_all(family.child.jobs), (std::vector{1, 2})) << "it had not finished them";
}

// Three generations, each waiting in get() with an item in hand.
struct Generation {
    JoinableQueue<int> jobs;
    Queue<int> ready;
    Queue<int> never;
    StartMethod method = StartMethod::fork;
    int younger = 0;
    void operator()() const {
        Process child;
        if (younger > 0) {
            Generation next = *this;
            next.younger = younger - 1;
            child = Process(method, {.die_with_parent = true}, next);
        }
        const auto lease = jobs.get();
        ready.put(::getpid());
        (void)never.get();
    }
};

TEST_P(ProcessFamilyInQueues, grandchildren_die_with_their_parents_and_all_items_come_back) {
    Generation oldest;
    oldest.method = method();
    oldest.younger = 2;
    oldest.jobs.put_many(std::vector{1, 2, 3});
    Process first(method(), oldest);
    for (int i = 0; i < 3; ++i) (void)oldest.ready.get();
    EXPECT_EQ(oldest.jobs.participants().size(), 4U);
    first.kill();
    first.join();
    const int servers = method() == StartMethod::forkserver ? 2 : 0;
    int killed = 0;
    for (int orphans = 0; orphans < 2 + servers; ++orphans) {
        int status = 0;
        EXPECT_GT(::waitpid(-1, &status, 0), 0);
        killed += WIFSIGNALED(status) ? 1 : 0;
    }
    EXPECT_EQ(killed, 2);
    std::uint64_t seen = 0;
    std::uint32_t redelivered = 0;
    while (seen < 3) {
        for (const Death& death : oldest.jobs.wait_for_deaths(seen)) {
            seen = death.number;
            redelivered += death.redelivered;
        }
    }
    EXPECT_EQ(redelivered, 3U);
    EXPECT_EQ(take_all(oldest.jobs), (std::vector{1, 2, 3}));
    EXPECT_TRUE(oldest.jobs.join(Deadline::now()));
}

}  // namespace
}  // namespace procession::testing
