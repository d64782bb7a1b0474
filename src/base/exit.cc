// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "base/exit.h"

#include <atomic>
#include <cstdlib>

namespace procession::inline v0::detail::base {

namespace {

constexpr int kCallsMax = 500;

constinit std::atomic<int> calls{0};
constinit std::atomic<bool> exiting{false};

}  // namespace

void watch_exit() noexcept {
    // relaxed: it only limits how often this is done
    if (calls.fetch_add(1, std::memory_order_relaxed) >= kCallsMax) {
        calls.store(kCallsMax, std::memory_order_relaxed);
        return;
    }
    static_cast<void>(std::atexit([] { exiting.store(true); }));
}

bool is_exiting() noexcept { return exiting.load(); }

}  // namespace procession::inline v0::detail::base
