// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

/// A reader-writer lock for the threads of this process. It has no constructor or destructor to
/// run, so that it works before main() and until the process has ended.
class SharedLock {
  public:
    constexpr SharedLock() noexcept = default;
    ~SharedLock() = default;
    SharedLock(const SharedLock&) = delete;
    SharedLock& operator=(const SharedLock&) = delete;

    class Reading {
      public:
        explicit Reading(SharedLock& lock) noexcept : lock_(lock) {
            ::AcquireSRWLockShared(&lock_.lock_);
        }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        ~Reading() { ::ReleaseSRWLockShared(&lock_.lock_); }

      private:
        SharedLock& lock_;
    };
    class Writing {
      public:
        explicit Writing(SharedLock& lock) noexcept : lock_(lock) {
            ::AcquireSRWLockExclusive(&lock_.lock_);
        }
        Writing(const Writing&) = delete;
        Writing& operator=(const Writing&) = delete;
        ~Writing() { ::ReleaseSRWLockExclusive(&lock_.lock_); }

      private:
        SharedLock& lock_;
    };

  private:
    SRWLOCK lock_ = SRWLOCK_INIT;
};

}  // namespace procession::inline v0::detail::os
