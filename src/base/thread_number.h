// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace procession::inline v0::detail::base {

/// The number of the calling thread, never 0 and never reused in this process. (The system does
/// reuse std::thread::id when a thread has ended.) A thread that forks keeps its number in the
/// child.
[[nodiscard]] inline std::uint64_t this_thread_number() noexcept {
    static constinit std::atomic<std::uint64_t> given{0};
    static constinit thread_local std::uint64_t mine = 0;
    // relaxed: the numbers need only be unique
    if (mine == 0) mine = given.fetch_add(1, std::memory_order_relaxed) + 1;
    return mine;
}

}  // namespace procession::inline v0::detail::base
