// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Waits whose slices pass at once, or end by a signal: the system's answer is made up.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "os/linux/fault_hook.h"
#include "shm/event_count.h"

namespace procession::inline v0::detail::shm {
namespace {

using os::calls::Call;

std::atomic<int> parked{0};

int time_passes(Call call) noexcept {
    if (call != Call::futex_wait) return 0;
    ++parked;
    return ETIMEDOUT;
}

int a_signal_comes(Call call) noexcept {
    if (call != Call::futex_wait) return 0;
    ++parked;
    return EINTR;
}

class WaitInPartsOfAThread : public ::testing::Test {
  protected:
    WaitInPartsOfAThread() { parked.store(0); }
    ~WaitInPartsOfAThread() override { os::calls::fault_hook.store(nullptr); }
    WaitInPartsOfAThread(const WaitInPartsOfAThread&) = delete;
    WaitInPartsOfAThread& operator=(const WaitInPartsOfAThread&) = delete;

    static void from_now_on(os::calls::FaultHook what) { os::calls::fault_hook.store(what); }
    /// Sleeps so often, and comes back.
    bool sleep_times(int times) {
        const int until = parked.load() + times;
        return bell_.sleep(
            Deadline::never(), [&] { return parked.load() == until; }, [this] { ++naps_; });
    }
    int naps_ = 0;

  private:
    std::atomic<std::uint32_t> word_{0};
    EventCount bell_{word_};
};

TEST_F(WaitInPartsOfAThread, go_on_with_longer_and_longer_slices) {
    from_now_on(time_passes);
    WaitInParts one_wait;
    ASSERT_TRUE(sleep_times(3));
    EXPECT_EQ(one_wait.slices().length(), WaitSlices::kFirst * 8);
    for (int part = 0; part < 60; ++part) ASSERT_TRUE(sleep_times(1));
    EXPECT_EQ(one_wait.slices().length(), WaitSlices::kIdle);
    EXPECT_EQ(naps_, 63) << "it looks for deaths after each slice";
}

TEST_F(WaitInPartsOfAThread, leave_other_waits_as_they_are) {
    from_now_on(time_passes);
    WaitInParts outer;
    ASSERT_TRUE(sleep_times(2));
    const auto before = outer.slices().length();
    {
        WaitInParts of_a_signal_handler;
        ASSERT_TRUE(sleep_times(1));
        EXPECT_EQ(of_a_signal_handler.slices().length(), WaitSlices::kFirst * 2);
    }
    EXPECT_EQ(outer.slices().length(), before);
    ASSERT_TRUE(sleep_times(1));
    EXPECT_EQ(outer.slices().length(), before * 2);
}

TEST_F(WaitInPartsOfAThread, end_when_a_signal_comes) {
    from_now_on(a_signal_comes);
    const WaitInParts one_wait;
    EXPECT_FALSE(sleep_times(2));
    EXPECT_EQ(parked.load(), 1);
    EXPECT_EQ(naps_, 0);
}

TEST_F(WaitInPartsOfAThread, find_what_came_together_with_the_signal) {
    from_now_on(a_signal_comes);
    const WaitInParts one_wait;
    EXPECT_TRUE(sleep_times(1));
}

TEST_F(WaitInPartsOfAThread, are_the_only_ones_that_a_signal_ends) {
    from_now_on(a_signal_comes);
    EXPECT_TRUE(sleep_times(5));
    EXPECT_EQ(parked.load(), 5);
}

}  // namespace
}  // namespace procession::inline v0::detail::shm
