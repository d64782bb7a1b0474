// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <new>

namespace procession::inline v0::detail::base {

/// A T that a fork child replaces by a fresh one. When the process forked, another thread may have
/// been changing the T, or may have held it locked; that thread does not exist in the child. So the
/// child's copy is overwritten without being destroyed, and nothing that it owns is freed.
template <class T>
class ForkLocal {
  public:
    /// To be called in the child, in an after_fork_in_child().
    void reset_after_fork() noexcept { new (&value_) T; }

    [[nodiscard]] T& operator*() noexcept { return value_; }
    [[nodiscard]] T* operator->() noexcept { return &value_; }

  private:
    T value_;
};

/// A mutex that is unlocked again in a fork child, even if another thread of the parent held it.
/// (A mutex that the forking thread itself holds across the fork is os::LockedAcrossForks.)
class ForkSafeMutex {
  public:
    void lock() { mutex_->lock(); }
    [[nodiscard]] bool try_lock() { return mutex_->try_lock(); }
    void unlock() { mutex_->unlock(); }
    /// Also serves for a mutex whose owner will never unlock it, because it was interrupted for
    /// good (longjmp, a thread that was ended).
    void reset_after_fork() noexcept { mutex_.reset_after_fork(); }

  private:
    ForkLocal<std::mutex> mutex_;
};

/// A T that is made at its first use. A fork child makes one of its own, and does not touch the
/// copy of its parent's.
/// Threads: any.
template <class T>
class MadeOnFirstUse {
  public:
    MadeOnFirstUse() = default;
    ~MadeOnFirstUse() { delete made_.load(std::memory_order_relaxed); }
    MadeOnFirstUse(const MadeOnFirstUse&) = delete;
    MadeOnFirstUse& operator=(const MadeOnFirstUse&) = delete;

    /// Throws: std::bad_alloc.
    [[nodiscard]] T& get() {
        T* known = if_made();
        if (known != nullptr) [[likely]]
            return *known;
        auto fresh = std::make_unique<T>();
        // acq_rel: pairs with if_made() in other threads
        if (made_.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel))
            known = fresh.release();
        return *known;
    }
    /// Returns: nullptr when it has not been used yet.
    [[nodiscard]] T* if_made() const noexcept { return made_.load(std::memory_order_acquire); }
    void reset_after_fork() noexcept { made_.store(nullptr, std::memory_order_relaxed); }

  private:
    std::atomic<T*> made_{nullptr};
};

}  // namespace procession::inline v0::detail::base
