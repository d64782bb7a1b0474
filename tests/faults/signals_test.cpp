// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Signals that come all the time.

#include <gtest/gtest.h>
#include <sys/time.h>

#include <csignal>
#include <string>

#include "procession/queue.h"

namespace procession::testing {
namespace {

/// As a profiler does it: a signal each half millisecond.
class Interruptions {
  public:
    Interruptions() {
        struct sigaction action{};
        action.sa_handler = [](int) {};
        ::sigaction(SIGALRM, &action, &before_);
        const itimerval often{{0, 500}, {0, 500}};
        ::setitimer(ITIMER_REAL, &often, nullptr);
    }
    ~Interruptions() {
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
        ::sigaction(SIGALRM, &before_, nullptr);
    }
    Interruptions(const Interruptions&) = delete;
    Interruptions& operator=(const Interruptions&) = delete;

  private:
    struct sigaction before_{};
};

// The kernel takes several milliseconds to allocate so much, and gives up what it has when a signal
// interrupts it.
TEST(Signals, that_come_all_the_time_do_not_keep_a_large_item_from_being_put) {
    const Queue<std::string> queue;
    const std::string item(std::size_t{96} << 20, 'x');
    const Interruptions interruptions;
    queue.put(item);
    EXPECT_EQ(queue.get().size(), item.size());
}

}  // namespace
}  // namespace procession::testing
