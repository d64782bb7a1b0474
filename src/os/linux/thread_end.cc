// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/thread_end.h"

#include "os/thread_ends.h"

namespace procession::inline v0::detail::os {

namespace {

struct AtEnd : ThreadEnds {
    AtEnd() = default;
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;
    ~AtEnd() { call(); }
};

}  // namespace

void at_thread_end(void (*act)(void* context) noexcept, void* context) {
    static thread_local AtEnd ends;
    ends.add(act, context);
}

}  // namespace procession::inline v0::detail::os
