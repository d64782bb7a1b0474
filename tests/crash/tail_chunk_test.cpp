// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The chunk where the tail stands is what the tail is repaired from: it stays in the log until the
// tail has left it.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <optional>
#include <string>

#include "procession/procession.h"
#include "support/asleep.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {
namespace {

constexpr std::size_t kLength = 4000;
constexpr int kInAChunk = 16;

std::string take(Queue<std::string>& queue) { return queue.get(); }
std::string take(JoinableQueue<std::string>& queue) {
    auto lease = queue.get();
    std::string text = *lease;
    lease.done();
    return text;
}

void until_stopped(int pid) {
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WNOWAIT), 0);
}

template <class Q>
class TailChunk : public ::testing::Test {
  protected:
    // A producer stops when the log goes on in a new chunk and the tail still stands in the old
    // one; then all items of the old one are taken.
    void SetUp() override {
        for (int i = 0; i < kInAChunk; ++i) queue_.put(std::string(kLength, 'a'));
        producer_.emplace(procession::fork, [this] {
            testing::stop_at_step("log.link.linked");
            queue_.put(std::string(kLength, 'b'));
        });
        until_stopped(producer_->pid());
        for (int i = 0; i < kInAChunk; ++i) take(queue_);
        ASSERT_FALSE(queue_.try_get().has_value());
    }

    // As long as a chunk. A reader that takes it for a chunk finds no record of a log in it.
    const std::string whole_chunk_ = std::string(65'500, '\xff');
    Q queue_;
    std::optional<Process> producer_;
};
using Queues = ::testing::Types<Queue<std::string>, JoinableQueue<std::string>>;
TYPED_TEST_SUITE(TailChunk, Queues);

TYPED_TEST(TailChunk, is_not_used_again_while_a_dead_producer_left_the_tail_in_it) {
    ::kill(this->producer_->pid(), SIGKILL);
    // The producer is not joined yet: no process has noticed its death when this item wants memory.
    this->queue_.put(this->whole_chunk_);
    EXPECT_EQ(take(this->queue_), this->whole_chunk_);
}

TYPED_TEST(TailChunk, lets_a_consumer_sleep_until_its_producer_goes_on) {
    testing::OnThread consumer([this] { EXPECT_EQ(take(this->queue_).front(), 'b'); });
    consumer.until_asleep();
    ::kill(this->producer_->pid(), SIGCONT);
    consumer.join();
    this->producer_->join();
    EXPECT_EQ(this->queue_.stats().memory_bytes, 65'536U) << "the old chunk is free";
}

TYPED_TEST(TailChunk, is_left_when_its_dead_producer_is_noticed) {
    testing::OnThread consumer([this] { EXPECT_EQ(take(this->queue_).front(), 'c'); });
    consumer.until_asleep();
    ::kill(this->producer_->pid(), SIGKILL);
    this->producer_->join();
    this->queue_.put(std::string(kLength, 'c'));
    consumer.join();
    EXPECT_EQ(this->queue_.stats().memory_bytes, 65'536U) << "the old chunk is free";
}

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
