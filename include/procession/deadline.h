// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

#include "procession/export.h"

namespace procession::inline v0 {

/// A point in time until which a call may wait. It is on the monotonic clock, so setting the wall
/// clock does not move it.
///
/// A duration converts to a deadline that far from now, as in `queue.get(100ms)`. A duration of
/// zero or less converts to `now()`. A duration that is too long for the clock converts to
/// `never()`.
class Deadline {
  public:
    using Clock = std::chrono::steady_clock;

    template <class Rep, class Period>
    Deadline(std::chrono::duration<Rep, Period> from_now)  // NOLINT(google-explicit-constructor)
        : at_(after(from_now)) {}

    [[nodiscard]] static Deadline never() { return Deadline(Clock::time_point::max()); }
    /// A deadline that has passed: the call tries once and does not wait. (Only if another process
    /// is stopped inside the queue, put() and get() wait up to 1 s, and throw PeerStopped.)
    [[nodiscard]] static Deadline now() { return Deadline(Clock::time_point::min()); }
    [[nodiscard]] static Deadline at(Clock::time_point when) { return Deadline(when); }

    [[nodiscard]] bool is_never() const { return at_ == Clock::time_point::max(); }
    [[nodiscard]] bool expired() const {
        return at_ == Clock::time_point::min() || (!is_never() && Clock::now() >= at_);
    }
    [[nodiscard]] Clock::time_point time_point() const { return at_; }
    /// Zero when passed; Clock::duration::max() when never.
    [[nodiscard]] Clock::duration remaining() const {
        if (is_never()) return Clock::duration::max();
        if (at_ == Clock::time_point::min()) return Clock::duration::zero();
        const auto now = Clock::now();
        return now >= at_ ? Clock::duration::zero() : at_ - now;
    }

  private:
    explicit Deadline(Clock::time_point at) : at_(at) {}

    template <class Rep, class Period>
    static Clock::time_point after(std::chrono::duration<Rep, Period> from_now) {
        using Seconds = std::chrono::duration<double>;
        if (from_now <= from_now.zero()) return Clock::time_point::min();
        const auto start = Clock::now();
        const double room = Seconds(Clock::time_point::max() - start).count();
        if (!(Seconds(from_now).count() < room / 2)) return Clock::time_point::max();
        return start + std::chrono::duration_cast<Clock::duration>(from_now);
    }

    Clock::time_point at_;
};

/// "never", "passed", or the time that is left: "in 1.250 s".
[[nodiscard]] PROCESSION_EXPORT std::string to_string(const Deadline& deadline);
PROCESSION_EXPORT std::ostream& operator<<(std::ostream& out, const Deadline& deadline);

}  // namespace procession::inline v0
