// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::inline v0::detail::os {

/// The addresses of a thread's stack; empty if the system does not tell.
struct StackRange {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;

    [[nodiscard]] bool holds(const void* pointer) const noexcept {
        const auto address = reinterpret_cast<std::uintptr_t>(pointer);
        return begin <= address && address < end;
    }
};

[[nodiscard]] StackRange stack_of_this_thread() noexcept;

/// Whether longjmp has ended a function without a return. Its frame was at `earlier`, on some stack
/// of this thread; `now` is the frame of a function that is running. False if that is not certain:
/// the running function may be a signal handler that interrupted it. Async-signal-safe.
///
/// Mechanism: stacks grow downwards. A running function at a lower address may have been called
/// from the frame `earlier`; one at the same or a higher address on the same stack was not. The
/// alternate stack of a signal handler (sigaltstack) is empty when this thread runs on another.
[[nodiscard]] bool is_left_frame(const void* earlier, const void* now,
                                 const StackRange& stack) noexcept;

}  // namespace procession::inline v0::detail::os
