// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/barrier.h"

#include <linux/membarrier.h>

#include <atomic>
#include <chrono>
#include <cstdint>

#include "os/futex.h"
#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

namespace {

enum class Support : int { unknown, refused, granted };

// relaxed: guards no other memory
constinit std::atomic<Support> support{Support::unknown};

bool membarrier(int command) noexcept { return calls::membarrier(command) == 0; }

// A store leaves the store buffer within microseconds; a context switch or a timer interrupt also
// flushes it. No architecture guarantees a time, but this is longer than any processor takes.
void wait_for_stores_of_others() noexcept {
    std::atomic<std::uint32_t> word{0};
    static_cast<void>(futex_wait(word, 0, std::chrono::milliseconds(10)));
}

}  // namespace

bool has_barrier_in_all_threads() noexcept {
    Support known = support.load(std::memory_order_relaxed);
    if (known == Support::unknown) {
        const bool granted = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
        const Support answer = granted ? Support::granted : Support::refused;
        // All threads use the first answer.
        const bool first = support.compare_exchange_strong(known, answer);
        if (first) known = answer;
    }
    return known == Support::granted;
}

void barrier_in_all_threads() noexcept {
    // Pairs with the fences that other threads execute if there is no such barrier.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!has_barrier_in_all_threads()) return;
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
    // EPERM means that the process has not registered; a fork child may have to register again.
    const bool done = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) &&
                      membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    if (!done) wait_for_stores_of_others();
}

}  // namespace procession::inline v0::detail::os
