// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace procession::base {

/// The number of the calling thread, never 0. No other thread of the process ever has the same one,
/// nor does a later one: the system uses the ids of ended threads again (std::thread::id).
/// The thread that forks keeps its number in the child.
[[nodiscard]] inline std::uint64_t this_thread_number() noexcept {
    static constinit std::atomic<std::uint64_t> given{0};
    static constinit thread_local std::uint64_t mine = 0;
    // relaxed: only unique
    if (mine == 0) mine = given.fetch_add(1, std::memory_order_relaxed) + 1;
    return mine;
}

}  // namespace procession::base
