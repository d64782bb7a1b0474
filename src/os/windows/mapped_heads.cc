// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/mapped_heads.h"

#include <map>
#include <new>

#include "base/process_singleton.h"
#include "os/windows/shared_lock.h"

namespace procession::inline v0::detail::os {

namespace {

constinit SharedLock lock;

/// Maps the address of a view's first byte to that of its last one. A singleton, because threads
/// may wait for a word while the process ends.
using Views = std::map<std::uintptr_t, std::uintptr_t>;
Views& views() { return base::ProcessSingleton<Views>::instance(); }

std::uintptr_t address_of(const void* pointer) noexcept {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

}  // namespace

bool remember_view(void* view, std::uint64_t bytes) noexcept try {
    const SharedLock::Writing writing(lock);
    views()[address_of(view)] = address_of(view) + bytes - 1;
    return true;
} catch (const std::bad_alloc&) {
    return false;
}

void forget_view(void* view) noexcept {
    const SharedLock::Writing writing(lock);
    views().erase(address_of(view));
}

bool is_any_mapped() noexcept {
    const SharedLock::Reading reading(lock);
    return !views().empty();
}

SectionHead* head_before(const void* word) noexcept {
    const SharedLock::Reading reading(lock);
    const auto next = views().upper_bound(address_of(word));
    if (next == views().begin()) return nullptr;
    const auto [first, last] = *std::prev(next);
    auto* const head = reinterpret_cast<SectionHead*>(first);
    return address_of(word) <= last && head->magic == SectionHead::magic_expected ? head : nullptr;
}

std::optional<std::uint64_t> owner_in_mapped_head(const FileIdentity& identity,
                                                  std::uint64_t index) noexcept {
    const SharedLock::Reading reading(lock);
    for (const auto& each : views()) {
        const auto& head = *reinterpret_cast<const SectionHead*>(each.first);
        if (head.magic != SectionHead::magic_expected || head.identity() != identity) continue;
        if (index >= head.locks.size()) break;
        // acquire: pairs with the exchange that took the lock or released it
        return head.locks[index].load(std::memory_order_acquire);
    }
    return std::nullopt;
}

}  // namespace procession::inline v0::detail::os
