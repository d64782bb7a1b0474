// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Between the commit of an item and its count a producer may stand still, or die: the item can be
// taken and finished meanwhile, and says nothing about the others.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "procession/procession.h"
#include "support/queue_helpers.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {
namespace {

using namespace std::chrono_literals;

// Two items are put: one by this process, one by a producer that is stopped before it counts it.
class UncountedPut : public ::testing::Test {
  protected:
    void SetUp() override {
        queue_.put(1);
        producer_ = Process(fork, [this] {
            testing::stop_at_step("log.append.committed");
            queue_.put(2);
        });
        siginfo_t info{};
        const auto pid = static_cast<id_t>(producer_.pid());
        ASSERT_EQ(::waitid(P_PID, pid, &info, WSTOPPED | WEXITED | WNOWAIT), 0);
        ASSERT_EQ(info.si_code, CLD_STOPPED);
    }
    void finish_the_second_before_the_first() {
        first_.emplace(queue_.get());
        auto second = queue_.get();
        EXPECT_EQ(*second, 2);
        second.done();
    }

    JoinableQueue<int> queue_;
    std::optional<Lease<int>> first_;
    Process producer_;
};

TEST_F(UncountedPut, does_not_let_join_forget_an_item_in_hand) {
    finish_the_second_before_the_first();
    EXPECT_FALSE(queue_.join(Deadline::now()));
    EXPECT_EQ(queue_.unfinished(), 1U);
    first_->done();
    EXPECT_TRUE(queue_.join());
    EXPECT_EQ(queue_.unfinished(), 0U);
    ::kill(producer_.pid(), SIGCONT);
    EXPECT_TRUE(testing::ends_well(producer_));
    EXPECT_EQ(queue_.unfinished(), 0U);
    EXPECT_EQ(queue_.stats().put, 2U);
}

TEST_F(UncountedPut, whose_producer_died_does_not_let_join_forget_an_item_in_hand_either) {
    finish_the_second_before_the_first();
    ::kill(producer_.pid(), SIGKILL);
    EXPECT_FALSE(queue_.join(Deadline::now()));
    producer_.join();
    queue_.bytes().notice_deaths();
    EXPECT_FALSE(queue_.join(Deadline::now()));
    EXPECT_EQ(queue_.unfinished(), 1U);
    first_->done();
    EXPECT_TRUE(queue_.join());
    EXPECT_EQ(queue_.stats().put, 2U);
}

TEST_F(UncountedPut, that_was_finished_is_put_and_finished_in_the_counters) {
    finish_the_second_before_the_first();
    first_->done();
    const QueueStats stats = queue_.stats();
    EXPECT_EQ(stats.put, 2U);
    EXPECT_EQ(stats.taken, 2U);
    EXPECT_EQ(stats.finished, 2U);
    ::kill(producer_.pid(), SIGCONT);
    EXPECT_TRUE(testing::ends_well(producer_));
}

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
