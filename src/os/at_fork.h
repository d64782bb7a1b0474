// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fork_local.h"

namespace procession::os {

/// Something in this process that must know when the process forks: through Procession or by the
/// program's own fork(). The most derived class calls start_listening() as the last act of its
/// constructor and stop_listening() as the first of its destructor, so that a fork never meets a
/// half-built listener.
///
/// Guarantees:
///   1. From before_fork() of the first listener until the last after_fork_in_*(), no listener is
///      added or removed by another thread: the registry's lock is held across the fork, so the
///      child's list is whole.
///   2. before_fork() runs from the newest listener to the oldest, the other two from the oldest to
///      the newest. That is the order for nested locks: lower layers registered first are locked
///      last, unlocked first.
///   3. Listening starts and stops at any time from any thread, but not inside a listener's calls,
///      nor while holding a lock that a before_fork() takes: the registry's lock comes first.
///
/// after_fork_in_child() runs in a process with one thread, whose other threads may have held any
/// lock (malloc's included, as far as libc does not mend it): only async-signal-safe calls and
/// writes to own memory are allowed.
///
/// No listener runs for a process made by vfork, posix_spawn, _Fork or a bare clone system call.
/// State that such a child must not mistake for its own lies in os::WipedOnFork.
class ForkListener {
  public:
    ForkListener(const ForkListener&) = delete;
    ForkListener& operator=(const ForkListener&) = delete;

    /// In the parent, before the fork: take the locks that the child needs free.
    virtual void before_fork() noexcept {}
    /// In the parent, after the fork or its failure: release them.
    virtual void after_fork_in_parent() noexcept {}
    /// In the child: release them, and forget the parent's identity.
    virtual void after_fork_in_child() noexcept {}

  protected:
    ForkListener() noexcept = default;
    virtual ~ForkListener() { stop_listening(); }

    void start_listening() noexcept;
    /// Does nothing when not listening.
    void stop_listening() noexcept;

  private:
    friend class ForkRegistry;
    bool listening_ = false;  // own thread only
    ForkListener* older_ = nullptr;
    ForkListener* newer_ = nullptr;
};

/// A listener whose mutex is held across forks, so that what it guards is whole in the child.
/// start_listening() and stop_listening() must not be called under that mutex: they take the
/// registry's lock.
class LockedAcrossForks : public ForkListener {
  protected:
    void before_fork() noexcept override { lock_.lock(); }
    void after_fork_in_parent() noexcept override { lock_.unlock(); }
    /// An override calls it last.
    void after_fork_in_child() noexcept override { lock_.unlock(); }

    base::ForkSafeMutex lock_;
};

}  // namespace procession::os
