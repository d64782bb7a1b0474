// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/barrier.h"

#include <atomic>

#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

void barrier_in_all_threads() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // Sends an interrupt to every processor that runs a thread of this process.
    ::FlushProcessWriteBuffers();
}

bool has_barrier_in_all_threads() noexcept { return true; }

}  // namespace procession::inline v0::detail::os
