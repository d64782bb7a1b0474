// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <sys/wait.h>

#include <optional>

#include <csignal>

#include "contract/process_fixture.h"
#include "support/queue_helpers.h"

// Which processes die with another one, while they wait in queues and hold items of these.

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

// Orphans come to this process, but a forkserver may collect its children before it ends itself.
std::optional<int> collect_orphan(StartMethod method, int pid, const Relative& orphan) {
    orphan.until_ended();
    int status = 0;
    const bool is_ours = method != StartMethod::forkserver && ::waitpid(pid, &status, 0) == pid;
    collect_orphans(0);
    return is_ours ? std::optional(status) : std::nullopt;
}

TEST_P(ProcessFamilyInQueues, a_child_that_waits_in_get_dies_with_its_parent) {
    Parent family;
    family.method = method();
    family.child.jobs.put(1);
    Process parent(fork, family);
    const int child = family.child.ready.get();
    const Relative orphan(child);
    parent.kill();
    parent.join();
    const auto status = collect_orphan(method(), child, orphan);
    EXPECT_TRUE(!status || WIFSIGNALED(*status));
    const auto deaths = family.child.jobs.wait_for_deaths(0);
    ASSERT_EQ(deaths.size(), 1U) << "the parent itself never used the queue";
    EXPECT_EQ(deaths[0].pid, child);
    EXPECT_EQ(deaths[0].redelivered, 1U);
    EXPECT_EQ(family.child.jobs.get().detach(), 1);
}

TEST_P(ProcessFamilyInQueues, a_child_that_waits_in_get_outlives_its_parent_when_not_asked_to_die) {
    Parent family;
    family.method = method();
    family.dies_with_parent = false;
    family.child.jobs.put(1);
    Process parent(fork, family);
    const int child = family.child.ready.get();
    const Relative orphan(child);
    parent.kill();
    parent.join();
    EXPECT_TRUE(family.child.jobs.wait_for_deaths(0, 20ms).empty());
    family.child.jobs.put(2);
    EXPECT_EQ(collect_orphan(method(), child, orphan).value_or(0), 0)
        << "it went on, and ended well";
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
    std::vector<Relative> family;
    family.reserve(3);
    for (int i = 0; i < 3; ++i) family.emplace_back(oldest.ready.get());
    EXPECT_EQ(oldest.jobs.participants().size(), 4U);
    first.kill();
    first.join();
    for (const auto& each : family) each.until_ended();
    collect_orphans(method() == StartMethod::forkserver ? 1 : 0);  // our own server goes on
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
