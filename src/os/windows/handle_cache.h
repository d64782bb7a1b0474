// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "os/windows/shared_lock.h"

namespace procession::inline v0::detail::os {

/// A cache of handles, by 64-bit keys. When it has `most` entries, a new one replaces the oldest.
/// `Entry` is movable and has a `key`, which is 0 in an empty entry.
///
/// Threads: any. Handles are closed outside of the lock.
template <class Entry, std::size_t most>
class HandleCache {
  public:
    /// Calls act(entry) for the entry with this key, which is not removed meanwhile.
    /// Returns: what act() returned; nothing when there is no such entry.
    template <class Act>
    [[nodiscard]] auto with(std::uint64_t key, Act act) noexcept
        -> std::optional<decltype(act(std::declval<const Entry&>()))> {
        const SharedLock::Reading reading(lock_);
        for (const auto& each : all_) {
            if (each.key == key) return act(each);
        }
        return std::nullopt;
    }
    void add(Entry& fresh) noexcept {
        const SharedLock::Writing writing(lock_);
        for (const auto& each : all_) {
            if (each.key == fresh.key) return;  // another thread has added it already
        }
        std::swap(all_[next_], fresh);
        next_ = (next_ + 1) % most;
    }
    void remove(std::uint64_t key) noexcept {
        Entry removed;
        const SharedLock::Writing writing(lock_);
        for (auto& each : all_) {
            if (each.key == key) std::swap(each, removed);
        }
    }
    void clear() noexcept {
        std::array<Entry, most> removed;
        const SharedLock::Writing writing(lock_);
        std::swap(all_, removed);
    }

  private:
    SharedLock lock_;
    std::array<Entry, most> all_;
    std::size_t next_ = 0;
};

}  // namespace procession::inline v0::detail::os
