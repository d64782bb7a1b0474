// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::os {

/// The addresses of a thread's stack; none where the system does not tell.
struct StackRange {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;

    [[nodiscard]] bool holds(const void* place) const noexcept {
        const auto at = reinterpret_cast<std::uintptr_t>(place);
        return begin <= at && at < end;
    }
};

[[nodiscard]] StackRange stack_of_this_thread() noexcept;

/// Whether the function whose frame was at `earlier`, on some stack of this thread, has been left
/// although it never returned (longjmp), as far as the frame `now` of a running function tells.
/// False when that is not certain: a signal handler that runs now may have interrupted it.
/// Async-signal-safe.
///
/// Mechanism: stacks grow downwards. A function that runs deeper than a frame may be called by it;
/// a function that runs at or above its place on the same stack is not. A handler's own stack
/// (sigaltstack) is over when this thread runs elsewhere.
[[nodiscard]] bool is_left_frame(const void* earlier, const void* now,
                                 const StackRange& stack) noexcept;

}  // namespace procession::os
