// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/mapped_heads.h"

#include <map>
#include <new>

#include "os/windows/shared_lock.h"

namespace procession::os {

namespace {

constinit SharedLock lock;

/// By the address of the first byte: that of the last one. Never destroyed: threads may park while
/// the process ends.
std::map<std::uintptr_t, std::uintptr_t>& views() {
    static auto& all = *new std::map<std::uintptr_t, std::uintptr_t>;
    return all;
}

std::uintptr_t address_of(const void* place) noexcept {
    return reinterpret_cast<std::uintptr_t>(place);
}

}  // namespace

bool remember_view(void* view, std::uint64_t bytes) noexcept try {
    const SharedLock::Writing writing(lock);
    views()[address_of(view)] = address_of(view) + bytes - 1;
    return true;
} catch (const std::bad_alloc&) {
    return false;
}

bool forget_view(void* view) noexcept {
    const SharedLock::Writing writing(lock);
    views().erase(address_of(view));
    return views().empty();
}

SectionHead* head_before(const void* word) noexcept {
    const SharedLock::Reading reading(lock);
    const auto next = views().upper_bound(address_of(word));
    if (next == views().begin()) return nullptr;
    const auto [first, last] = *std::prev(next);
    auto* const head = reinterpret_cast<SectionHead*>(first);
    return address_of(word) <= last && head->magic == SectionHead::magic_expected ? head : nullptr;
}

}  // namespace procession::os
