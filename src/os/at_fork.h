// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fork_local.h"

namespace procession::inline v0::detail::os {

/// An object whose functions are called when the process forks, as by pthread_atfork: both when
/// Procession forks and when the program calls fork() itself. The most derived class calls
/// start_listening() last in its constructor and stop_listening() first in its destructor, so that
/// no call reaches an object that is only partly constructed.
///
/// Guarantees:
///   1. From the first before_fork() to the last after_fork_in_*(), no other thread adds or removes
///      a listener: the lock of the list is held across the fork, so the child's list is intact.
///   2. before_fork() runs from the newest listener to the oldest, the other two from the oldest to
///      the newest. This is the order that nested locks need: the lower layers, which are
///      registered first, are locked last and unlocked first.
///   3. start_listening() and stop_listening() may be called at any time from any thread, except in
///      a listener's functions and while holding a lock that a before_fork() takes: the lock of the
///      list comes before all others.
///
/// after_fork_in_child() runs in a process with one thread, while any lock may still be held by a
/// thread that exists only in the parent (even malloc's, unless libc resets it). So only
/// async-signal-safe calls and writes to the object's own memory are allowed.
///
/// No listener is called for a process made by vfork, posix_spawn, _Fork or a bare clone system
/// call. State that such a child must not take for its own is kept in os::WipedOnFork.
class ForkListener {
  public:
    ForkListener(const ForkListener&) = delete;
    ForkListener& operator=(const ForkListener&) = delete;

    /// In the parent, before the fork: takes the locks that the child will need.
    virtual void before_fork() noexcept {}
    /// In the parent, after the fork succeeded or failed: releases them.
    virtual void after_fork_in_parent() noexcept {}
    /// In the child: releases them, and resets what identifies the parent.
    virtual void after_fork_in_child() noexcept {}

  protected:
    ForkListener() noexcept = default;
    virtual ~ForkListener() { stop_listening(); }

    void start_listening() noexcept;
    /// Does nothing when not listening.
    void stop_listening() noexcept;

  private:
    friend class ForkListenerList;
    bool listening_ = false;  // own thread only
    ForkListener* older_ = nullptr;
    ForkListener* newer_ = nullptr;
};

/// A listener whose mutex is held across forks, so that the child finds what it guards in a
/// consistent state. start_listening() and stop_listening() must not be called under that mutex:
/// they take the lock of the list, which comes first.
class LockedAcrossForks : public ForkListener {
  protected:
    void before_fork() noexcept override { lock_.lock(); }
    void after_fork_in_parent() noexcept override { lock_.unlock(); }
    /// An override must call this last.
    void after_fork_in_child() noexcept override { lock_.unlock(); }

    base::ForkSafeMutex lock_;
};

}  // namespace procession::inline v0::detail::os
