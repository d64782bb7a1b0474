// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/stack.h"

#include <pthread.h>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

namespace {

StackRange range_of(void* begin, std::size_t bytes) noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(begin);
    return {at, at + bytes};
}

}  // namespace

StackRange stack_of_this_thread() noexcept {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
    void* begin = nullptr;
    std::size_t bytes = 0;
    pthread_attr_getstack(&attributes, &begin, &bytes);
    pthread_attr_destroy(&attributes);
    return range_of(begin, bytes);
}

bool is_left_frame(const void* earlier, const void* now, const StackRange& stack) noexcept {
    stack_t alternate{};
    if (sigaltstack(nullptr, &alternate) != 0) return false;
    if ((alternate.ss_flags & SS_ONSTACK) != 0) return false;
    const bool has_alternate = (alternate.ss_flags & SS_DISABLE) == 0;
    if (has_alternate && range_of(alternate.ss_sp, alternate.ss_size).holds(earlier)) return true;
    return stack.holds(earlier) && stack.holds(now) && now >= earlier;
}

}  // namespace procession::inline v0::detail::os
