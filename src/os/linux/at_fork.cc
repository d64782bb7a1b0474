// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/at_fork.h"

#include <pthread.h>

#include <cstdio>
#include <cstdlib>

namespace procession::inline v0::detail::os {

/// The list of all listeners. Its lock is a plain pthread mutex: POSIX allows the child to unlock a
/// mutex that its only thread locked before the fork.
class ForkListenerList {
  public:
    static void add(ForkListener& listener) noexcept {
        ensure_installed();
        ::pthread_mutex_lock(&lock_);
        listener.older_ = newest_;
        listener.newer_ = nullptr;
        (newest_ != nullptr ? newest_->newer_ : oldest_) = &listener;
        newest_ = &listener;
        ::pthread_mutex_unlock(&lock_);
    }

    static void remove(ForkListener& listener) noexcept {
        ::pthread_mutex_lock(&lock_);
        (listener.older_ != nullptr ? listener.older_->newer_ : oldest_) = listener.newer_;
        (listener.newer_ != nullptr ? listener.newer_->older_ : newest_) = listener.older_;
        ::pthread_mutex_unlock(&lock_);
    }

    static void ensure_installed() noexcept { ::pthread_once(&installed_, install); }

  private:
    static void install() noexcept {
        if (::pthread_atfork(before, after_in_parent, after_in_child) == 0) return;
        std::fputs("procession: pthread_atfork: out of memory\n", stderr);
        std::abort();
    }
    static void before() noexcept {
        ::pthread_mutex_lock(&lock_);
        for (auto* each = newest_; each != nullptr; each = each->older_) each->before_fork();
    }
    static void after_in_parent() noexcept {
        for (auto* each = oldest_; each != nullptr; each = each->newer_)
            each->after_fork_in_parent();
        ::pthread_mutex_unlock(&lock_);
    }
    static void after_in_child() noexcept {
        for (auto* each = oldest_; each != nullptr; each = each->newer_)
            each->after_fork_in_child();
        ::pthread_mutex_unlock(&lock_);
    }

    static inline pthread_once_t installed_ = PTHREAD_ONCE_INIT;
    static inline pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
    static inline ForkListener* oldest_ = nullptr;
    static inline ForkListener* newest_ = nullptr;
};

namespace {

// Before main where possible. If the process forked while another thread is in pthread_atfork, the
// child would install the handlers again, and they would deadlock.
[[maybe_unused]] const bool installed_early = [] {
    ForkListenerList::ensure_installed();
    return true;
}();

}  // namespace

void ForkListener::start_listening() noexcept {
    if (listening_) return;
    listening_ = true;
    ForkListenerList::add(*this);
}

void ForkListener::stop_listening() noexcept {
    if (!listening_) return;
    listening_ = false;
    ForkListenerList::remove(*this);
}

}  // namespace procession::inline v0::detail::os
