// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Memory of the log is used again as soon as no participant needs it, and not before: also when one
// stands still, or dies, while it needs the memory.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <string>

#include "procession/procession.h"
#include "support/queue_helpers.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {
namespace {

using testing::take;

// Outside of the log, in a block as large as a chunk of the log: it takes the place of one.
const std::string kAsLargeAsAChunk(65'500, 'F');
const std::string kSmall(1000, 's');
constexpr int kMoreThanAChunk = 70;  // small items

void until_stopped(const Process& child) {
    siginfo_t info{};
    const auto pid = static_cast<id_t>(child.pid());
    ASSERT_EQ(::waitid(P_PID, pid, &info, WSTOPPED | WEXITED | WNOWAIT), 0);
    ASSERT_EQ(info.si_code, CLD_STOPPED);
}

TEST(ChunkReuse, a_consumer_overtaken_after_its_claim_gets_its_own_large_item) {
    Queue<std::string> queue;
    Queue<bool> verdict;
    const std::string wanted(10'000, 'w');
    queue.put(wanted);
    Process slow(fork, [&] {
        testing::stop_at_step("lock.released");  // of the head: the item is claimed, not yet copied
        verdict.put(queue.get() == wanted);
    });
    until_stopped(slow);
    for (int i = 0; i < kMoreThanAChunk; ++i) queue.put(kSmall);
    for (int i = 0; i < kMoreThanAChunk; ++i) EXPECT_EQ(queue.get(), kSmall);
    queue.put(kAsLargeAsAChunk);
    ::kill(slow.pid(), SIGCONT);
    ASSERT_TRUE(testing::ends_well(slow));
    ASSERT_FALSE(verdict.empty());
    EXPECT_TRUE(verdict.get());
    EXPECT_EQ(queue.get(), kAsLargeAsAChunk);
    EXPECT_EQ(queue.stats().memory_bytes, 65536U);
}

template <class Kind>
class ChunkReuseOf : public testing::ForKind<Kind> {};
TYPED_TEST_SUITE(ChunkReuseOf, testing::BothKinds, testing::KindName);

TYPED_TEST(ChunkReuseOf, a_producer_killed_between_two_chunks_does_not_leave_its_tail_behind) {
    typename TestFixture::Texts queue;
    Process victim(fork, [&] {
        testing::stop_at_step("log.link.linked");  // the next chunk is there, the tail is not
        for (;;) queue.put(kSmall);
    });
    until_stopped(victim);
    ::kill(victim.pid(), SIGKILL);
    // No process looks for deaths yet: a consumer that finds an item does not wait.
    std::size_t taken = 0;
    for (auto item = queue.try_get(); item.has_value(); item = queue.try_get()) {
        EXPECT_EQ(testing::value_of(std::move(*item)), kSmall);
        ++taken;
    }
    EXPECT_GT(taken, 50U);
    queue.put(kAsLargeAsAChunk);
    EXPECT_EQ(take(queue), kAsLargeAsAChunk);
    victim.join();
    EXPECT_EQ(queue.stats().put, taken + 1);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.stats().memory_bytes, 65536U);
}

// What a consumer died with, stopped at a step of get().
QueueStats after_a_death_in_get(const char* step, const std::string& item) {
    Queue<std::string> queue;
    queue.put(item);
    queue.put(kSmall);
    Process victim(fork, [&] {
        testing::stop_at_step(step);
        static_cast<void>(queue.get());
    });
    until_stopped(victim);
    victim.kill();
    victim.join();
    queue.bytes().notice_deaths();
    return queue.stats();
}

TEST(ChunkReuse, an_item_that_died_in_hand_is_counted_once) {
    for (const std::string& item : {kSmall, kAsLargeAsAChunk}) {
        for (const char* step : {"log.advance.taken", "log.advance.weighed"}) {
            const QueueStats stats = after_a_death_in_get(step, item);
            EXPECT_EQ(stats.lost_in_hand, 1U) << step << ", " << item.size() << " bytes";
            EXPECT_EQ(stats.queued, 1U) << step << ", " << item.size() << " bytes";
        }
    }
    const QueueStats stats = after_a_death_in_get("lock.released", kAsLargeAsAChunk);
    EXPECT_EQ(stats.lost_in_hand, 1U) << "it was not copied out yet";
}

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
