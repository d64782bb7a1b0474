// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/stack.h"

#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

StackRange stack_of_this_thread() noexcept {
    ULONG_PTR begin = 0;
    ULONG_PTR end = 0;
    ::GetCurrentThreadStackLimits(&begin, &end);
    return {begin, end};
}

bool is_left_frame(const void* earlier, const void* now, const StackRange& stack) noexcept {
    return stack.holds(earlier) && stack.holds(now) && now >= earlier;
}

}  // namespace procession::inline v0::detail::os
