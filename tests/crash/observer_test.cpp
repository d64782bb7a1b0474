// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Looking at a queue delays no participant, and no participant delays a look.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "queue/queue_observer.h"
#include "support/gate.h"
#include "support/queue_helpers.h"
#include "support/shared_notes.h"
#include "support/sudden_death.h"

namespace procession::testing {

using namespace detail;
namespace {

using queue::QueueObserver;

// As another program of the same user gets it, and without the right to write.
os::Handle read_only(const JoinableQueue<int>& queue) {
    const std::string path = "/proc/self/fd/" + std::to_string(queue.bytes().native_handle());
    return os::Handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

TEST(Observer, needs_no_right_to_write) {
    const JoinableQueue<int> queue;
    queue.put(1);
    const QueueObserver observer(read_only(queue));
    EXPECT_EQ(observer.stats().queued, 1U);
    EXPECT_TRUE(observer.participants().at(0).is_alive);
}

[[noreturn]] void observe_for_ever(const JoinableQueue<int>& queue, Gate& looked) noexcept {
    const QueueObserver observer(read_only(queue));
    static_cast<void>(observer.stats());
    looked.open();
    for (;;) {
        static_cast<void>(observer.stats());
        static_cast<void>(observer.participants());
        static_cast<void>(observer.deaths(0));
    }
}

TEST(Observer, that_is_stopped_or_killed_anywhere_delays_no_participant) {
    const JoinableQueue<int> queue;
    constexpr int turns = 200;
    for (int turn = 0; turn < turns; ++turn) {
        Gate looked;
        const pid_t child = ::fork();
        if (child == 0) observe_for_ever(queue, looked);
        looked.wait();
        // Wherever it is by now.
        for (int i = 0; i < turn; ++i) static_cast<void>(queue.qsize());
        ASSERT_EQ(::kill(child, SIGSTOP), 0);
        ASSERT_TRUE(until_stopped(child));
        queue.put(turn);
        auto lease = queue.get();
        EXPECT_EQ(*lease, turn);
        lease.done();
        EXPECT_TRUE(queue.join(Deadline::never()));
        EXPECT_EQ(queue.participants().size(), 1U);
        EXPECT_EQ(queue.bytes().notice_deaths(), 0U);
        kill_and_collect(child);
    }
    EXPECT_EQ(queue.bytes().notice_deaths(), 0U);
    EXPECT_EQ(queue.stats().deaths, 0U);
    EXPECT_EQ(queue.participants().size(), 1U);
}

#ifdef PROCESSION_KILL_POINTS

// Through all three locks.
void work(const JoinableQueue<int>& queue) noexcept {
    queue.put(1);
    queue.put(2);
    auto one = queue.get();
    auto two = queue.get();
    one.give_back();
    two.reject("no");
    queue.get().done();
}

unsigned count_steps() {
    const JoinableQueue<int> queue;
    const SharedNotes<unsigned> steps;
    Process(fork, [&] {
        record_steps();
        work(queue);
        *steps = steps_so_far();
    }).join();
    return *steps;
}

void expect_conserved(const QueueStats& seen) {
    EXPECT_LE(seen.queued, 2U);
    EXPECT_LE(seen.taken, seen.put);
    EXPECT_LE(seen.finished, seen.put);
    EXPECT_LE(seen.put, 2U);
}

// Wherever a participant is stopped, and also when it has died there and is not repaired: the look
// ends, shows it, and changes nothing.
TEST(Observer, is_delayed_by_no_participant_that_stands_still_or_is_dead) {
    const unsigned steps = count_steps();
    ASSERT_GT(steps, 50U);
    for (unsigned step = 1; step <= steps; ++step) {
        const JoinableQueue<int> queue;
        const QueueObserver observer(read_only(queue));
        const pid_t child = ::fork();
        if (child == 0) {
            stop_at_step(step);
            work(queue);
            ::_exit(0);
        }
        ASSERT_TRUE(until_stopped(child)) << step;
        expect_conserved(observer.stats());
        // One is this process. The other one has not joined yet at its first steps.
        const std::size_t joined = observer.participants().size();
        EXPECT_EQ(observer.stats().participants, joined);
        kill_and_collect(child);
        expect_conserved(observer.stats());
        EXPECT_EQ(observer.stats().participants, 1U) << step;
        EXPECT_EQ(observer.participants().size(), joined) << "it repairs nothing";
        EXPECT_TRUE(observer.deaths(0).empty());
        EXPECT_EQ(queue.bytes().notice_deaths(), joined - 1);
        EXPECT_EQ(observer.deaths(0).size(), joined - 1);
        EXPECT_EQ(observer.stats().queued, queue.qsize());
    }
}

// A participant that asks the same is told why it cannot know.
TEST(Observer, sees_what_a_participant_behind_a_stopped_one_cannot) {
    const JoinableQueue<int> queue;
    queue.put(1);
    const QueueObserver observer(read_only(queue));
    const pid_t child = ::fork();
    if (child == 0) {
        stop_at_step("lease.handed_out");  // holds the consumers' lock
        work(queue);
        ::_exit(0);
    }
    ASSERT_TRUE(until_stopped(child));
    EXPECT_THROW(static_cast<void>(queue.participants()), PeerStopped);
    EXPECT_EQ(observer.participants().size(), 2U);
    EXPECT_EQ(observer.stats().put, 3U);
    kill_and_collect(child);
    EXPECT_NO_THROW(static_cast<void>(queue.participants()));
}

#endif  // PROCESSION_KILL_POINTS

}  // namespace
}  // namespace procession::testing
