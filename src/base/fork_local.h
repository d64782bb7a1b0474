// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <new>

namespace procession::base {

/// A T of which a fork child has one of its own. After the fork another thread of the parent may
/// have been changing the copy, or may hold it, and does not exist in the child: so the copy is
/// overwritten, and nothing of it is freed.
template <class T>
class ForkLocal {
  public:
    /// In the child, in an after_fork_in_child().
    void reset_after_fork() noexcept { new (&value_) T; }

    [[nodiscard]] T& operator*() noexcept { return value_; }
    [[nodiscard]] T* operator->() noexcept { return &value_; }

  private:
    T value_;
};

/// A mutex that a fork child makes fresh. (A mutex that a listener holds across the fork needs no
/// such thing: see os::LockedAcrossForks.)
class ForkSafeMutex {
  public:
    void lock() { mutex_->lock(); }
    [[nodiscard]] bool try_lock() { return mutex_->try_lock(); }
    void unlock() { mutex_->unlock(); }
    /// Also for a mutex whose holder will never go on, since it was cut short.
    void reset_after_fork() noexcept { mutex_.reset_after_fork(); }

  private:
    ForkLocal<std::mutex> mutex_;
};

/// A T that is made when it is used first. A fork child makes its own, and leaves the copy of its
/// parent's alone.
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
    /// Returns: nullptr when nothing has used it yet.
    [[nodiscard]] T* if_made() const noexcept { return made_.load(std::memory_order_acquire); }
    void reset_after_fork() noexcept { made_.store(nullptr, std::memory_order_relaxed); }

  private:
    std::atomic<T*> made_{nullptr};
};

}  // namespace procession::base
