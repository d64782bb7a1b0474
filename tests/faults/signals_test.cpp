// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Signals that come all the time.

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "os/linux/fault_hook.h"
#include "procession/queue.h"

#ifdef PROCESSION_FAULTS

namespace procession::testing {

using namespace detail;
namespace {

using os::calls::Call;

constexpr int kInterruptions = 6;
std::atomic<int> allocations{0};

// The first one is that of the unit table, which is small.
int interrupt_allocations(Call call) noexcept {
    if (call != Call::fallocate) return 0;
    const int n = ++allocations;
    return n > 1 && n <= 1 + kInterruptions ? EINTR : 0;
}

// Older kernels give up what they have allocated when a signal comes, so a large call could never
// come to its end in a program with a profiler's timer.
TEST(Signals, an_interrupted_allocation_goes_on_in_smaller_pieces) {
    const Queue<std::string> queue;
    const std::string item(std::size_t{32} << 20, 'x');
    os::calls::fault_hook.store(interrupt_allocations);
    queue.put(item);
    os::calls::fault_hook.store(nullptr);
    EXPECT_GT(allocations, kInterruptions + 40) << "halved six times: more than forty pieces";
    EXPECT_EQ(queue.get(), item);
}

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_FAULTS
