// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/barrier.h"

#include <linux/membarrier.h>

#include <atomic>

#include "os/linux/calls.h"

namespace procession::os {

namespace {

bool membarrier(int command) noexcept { return calls::membarrier(command) == 0; }

// Taking a right away from a page that is in use: the kernel interrupts every processor that may
// have the right cached, and returns when all have answered (as liburcu did before membarrier).
bool interrupt_by_page() noexcept {
    constexpr std::size_t bytes = 4096;
    void* page = calls::mmap(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (page == MAP_FAILED) return false;
    *static_cast<volatile char*>(page) = 1;
    const bool done = calls::mprotect(page, bytes, PROT_NONE) == 0;
    calls::munmap(page, bytes);
    return done;
}

}  // namespace

void barrier_in_all_threads() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
    // EPERM before the first registration of this process; a fork child may have to register anew.
    const bool done = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) &&
                      membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    if (!done) interrupt_by_page();
}

}  // namespace procession::os
