// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "procession/deadline.h"

namespace procession::inline v0::detail::shm {

/// How long a waiter sleeps before it looks for deaths: the longer, the longer it has waited.
class WaitSlices {
  public:
    static constexpr std::chrono::milliseconds kFirst{5};
    static constexpr std::chrono::milliseconds kLongest{50};
    /// After some seconds.
    static constexpr std::chrono::milliseconds kIdle{100};

    [[nodiscard]] Deadline::Clock::duration length() const noexcept { return length_; }
    /// A slice has passed without a wake-up.
    void passed() noexcept {
        count_ = std::min(count_ + 1, kUntilIdle + 1);
        length_ = std::min<Deadline::Clock::duration>(length_ * 2,
                                                      count_ > kUntilIdle ? kIdle : kLongest);
    }

  private:
    static constexpr std::uint32_t kUntilIdle = 60;

    Deadline::Clock::duration length_ = kFirst;
    std::uint32_t count_ = 0;
};

/// Makes one wait of several: while it lives, each wait of this thread at a EventCount goes on with
/// the slices where the last one stopped, and ends early, as at its deadline, when a signal handler
/// has run on this thread. For a caller that has something of its own to do in between.
///
/// Threads: its own. May be nested: a handler that waits itself has a wait of its own.
class WaitInParts {
  public:
    WaitInParts() noexcept : outer_(current_) { current_ = this; }
    ~WaitInParts() { current_ = outer_; }
    WaitInParts(const WaitInParts&) = delete;
    WaitInParts& operator=(const WaitInParts&) = delete;

    /// The WaitInParts of this thread, or nullptr.
    [[nodiscard]] static WaitInParts* current() noexcept { return current_; }
    [[nodiscard]] WaitSlices& slices() noexcept { return slices_; }

  private:
    inline static constinit thread_local WaitInParts* current_ = nullptr;

    WaitInParts* const outer_;
    WaitSlices slices_;
};

}  // namespace procession::inline v0::detail::shm
