// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "os/windows/shared_lock.h"

namespace procession::os {

/// Handles by 64-bit names, kept for the next time. There are at most `most`; then the oldest makes
/// room. `Entry` is movable and has a `name`, 0 when it is empty.
///
/// Threads: any. Handles are closed outside of the lock.
template <class Entry, std::size_t most>
class Known {
  public:
    /// act(entry) for the entry of that name, which stays meanwhile; nothing when it is not here.
    template <class Act>
    [[nodiscard]] auto with(std::uint64_t name, Act act) noexcept
        -> std::optional<decltype(act(std::declval<const Entry&>()))> {
        const SharedLock::Reading reading(lock_);
        for (const auto& each : all_) {
            if (each.name == name) return act(each);
        }
        return std::nullopt;
    }
    void keep(Entry& fresh) noexcept {
        const SharedLock::Writing writing(lock_);
        for (const auto& each : all_) {
            if (each.name == fresh.name) return;  // another thread was faster
        }
        std::swap(all_[next_], fresh);
        next_ = (next_ + 1) % most;
    }
    void drop(std::uint64_t name) noexcept {
        Entry dropped;
        const SharedLock::Writing writing(lock_);
        for (auto& each : all_) {
            if (each.name == name) std::swap(each, dropped);
        }
    }
    void drop_all() noexcept {
        std::array<Entry, most> dropped;
        const SharedLock::Writing writing(lock_);
        std::swap(all_, dropped);
    }

  private:
    SharedLock lock_;
    std::array<Entry, most> all_;
    std::size_t next_ = 0;
};

}  // namespace procession::os
