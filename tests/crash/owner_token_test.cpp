// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A lock's word names its owner. A participant that finds the owner's slot empty must find that the
// name has changed, too: otherwise it takes the word for one that no participant wrote, and poisons
// the queue.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "death/segment_view.h"
#include "procession/procession.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {

using namespace detail;
namespace {

// Without collecting it, which would make this process notice its death.
void until(int how, int pid) {
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, how | WNOWAIT), 0);
}

void expect_another_name_in_the_empty_slot(const char* step, bool slots_are_full) {
    JoinableQueue<int> queue;
    queue.put(1);
    Process victim(procession::fork, [&] {
        auto lease = queue.get();
        ::raise(SIGKILL);
    });
    until(WEXITED, victim.pid());
    death::SegmentView view(os::Handle::duplicate_of(queue.bytes().native_handle()));
    const std::uint32_t before = view.participant(1).epoch.load();
    ASSERT_EQ(view.participant(1).state.load(), shm::kJoined);
    if (slots_are_full) view.fill_slots_from(2);
    Process successor(procession::fork, [&] {
        testing::stop_at_step(step);
        static_cast<void>(queue.bytes().notice_deaths());
    });
    until(WSTOPPED, successor.pid());
    EXPECT_EQ(view.participant(1).state.load(), shm::kFreeSlot);
    EXPECT_NE(view.participant(1).epoch.load(), before);
    ::kill(successor.pid(), SIGCONT);
}

TEST(LockName, changes_before_the_slot_of_the_dead_is_empty) {
    expect_another_name_in_the_empty_slot("leave.released", false);
}
TEST(LockName, changes_before_the_slot_that_a_newcomer_takes_over_is_empty) {
    expect_another_name_in_the_empty_slot("join.predecessor_released", true);
}

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
