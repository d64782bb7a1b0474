// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant's slot is its own until nothing of the process acts in it any more.

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <optional>
#include <vector>

#include "base/step.h"
#include "procession/procession.h"
#include "support/asleep.h"
#include "support/gate.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {

using namespace detail;
namespace {

// What the hook needs, which is a plain function.
struct Scene {
    JoinableQueue<int>* queue = nullptr;
    std::optional<testing::OnThread> closer;
    std::atomic<bool> is_closed{false};
    bool was_closed_during_the_sweep = false;
};
Scene* scene = nullptr;

// In the middle of a sweep, another thread closes the queue, and gets as far as it can.
void close_meanwhile(const char* step) {
    if (std::strcmp(step, "reclaim.locks_repaired") != 0 || scene->closer) return;
    scene->closer.emplace([] {
        scene->queue->close();
        scene->is_closed.store(true);
    });
    scene->closer->until_asleep();
    scene->was_closed_during_the_sweep = scene->is_closed.load();
}

TEST(Closing, waits_for_a_thread_that_takes_over_after_a_dead_child) {
    Scene here;
    scene = &here;
    JoinableQueue<int> queue;
    here.queue = &queue;
    queue.put(1);
    Process child(procession::fork, [&] {
        auto lease = queue.get();
        ::raise(SIGKILL);
    });
    base::step_hook.store(close_meanwhile);
    child.join();  // notices the death, and sweeps
    here.closer->join();
    base::step_hook.store(nullptr);
    EXPECT_FALSE(here.was_closed_during_the_sweep) << "its slot was anybody's, and it acted in it";
    EXPECT_TRUE(here.is_closed.load());
}

TEST(Closing, behind_a_participant_that_is_stopped_inside_abandons_what_is_held) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    Process closer(procession::fork, [&] {
        const auto lease = queue.get();
        ::raise(SIGSTOP);
        queue.close();
        ::raise(SIGSTOP);  // alive, but in the queue no more
    });
    ASSERT_TRUE(testing::until_stopped(closer.pid()));
    Process stopped(procession::fork, [&] {
        testing::stop_at_step("lease.handed_out");  // holds the consumers' lock
        queue.get().done();
    });
    ASSERT_TRUE(testing::until_stopped(stopped.pid()));
    ::kill(closer.pid(), SIGCONT);
    ASSERT_TRUE(testing::until_stopped(closer.pid()));
    EXPECT_EQ(queue.qsize(), 1U) << "nobody can give the other one back yet";
    ::kill(stopped.pid(), SIGCONT);
    auto again = queue.get();
    EXPECT_EQ(*again, 1);
    EXPECT_EQ(again.deliveries(), 2U);
    EXPECT_EQ(queue.stats().deaths, 1U);
    again.done();
    stopped.join();
    EXPECT_TRUE(queue.join());
    closer.kill();
    closer.join();
    EXPECT_EQ(queue.stats().deaths, 1U) << "it was nobody any more";
}

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
