// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What a consumer of a plain queue takes with it when it dies inside get() is counted once.

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <string>

#include "procession/procession.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {
namespace {

// Kills a consumer at each step of get(). Returns how often it took the item with it uncounted.
int visit_every_step(std::size_t length) {
    int uncounted = 0;
    bool died = true;
    for (unsigned n = 1; died; ++n) {
        Queue<std::string> queue;
        queue.put(std::string(length, 'x'));
        Process victim(procession::fork, [&] {
            testing::die_at_step(n);
            static_cast<void>(queue.get());
            testing::die_at_step(0);
        });
        victim.join();
        died = victim.exit_code() == -SIGKILL;
        queue.bytes().notice_deaths();
        const std::uint64_t lost = queue.stats().lost_in_hand;
        const std::uint64_t left = queue.try_get().has_value() ? 1 : 0;
        EXPECT_LE(lost + left, 1U) << "length " << length << ", step " << n;
        if (died && lost + left == 0) ++uncounted;
    }
    return uncounted;
}

TEST(LostInHand, counts_a_large_item_once_wherever_its_consumer_dies) {
    // While the block is the dead one's, it is known; it is not when the item is get()'s result.
    EXPECT_LE(visit_every_step(100'000), 5);
}

TEST(LostInHand, counts_a_small_item_once_wherever_its_consumer_dies) {
    EXPECT_LE(visit_every_step(10), 5);
}

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
