// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/thread_end.h"

#include <memory>
#include <new>

#include "os/thread_ends.h"
#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

namespace {

void CALLBACK call_all(void* ends) noexcept {
    if (ends == nullptr) return;
    const std::unique_ptr<ThreadEnds> owned(static_cast<ThreadEnds*>(ends));
    owned->call();
}

DWORD index() noexcept {
    static const DWORD allocated = ::FlsAlloc(call_all);
    return allocated;
}

}  // namespace

void at_thread_end(void (*act)(void* context) noexcept, void* context) {
    if (index() == FLS_OUT_OF_INDEXES) throw std::bad_alloc();
    auto* ends = static_cast<ThreadEnds*>(::FlsGetValue(index()));
    if (ends == nullptr) {
        auto made = std::make_unique<ThreadEnds>();
        if (!::FlsSetValue(index(), made.get())) throw std::bad_alloc();
        ends = made.release();
    }
    ends->add(act, context);
}

}  // namespace procession::inline v0::detail::os
