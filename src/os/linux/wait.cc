// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/wait.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>

#include "os/linux/calls.h"
#include "os/park.h"

namespace procession::os {

bool wait_readable(NativeHandle handle, Deadline deadline) noexcept {
    using std::chrono::nanoseconds;
    using std::chrono::seconds;
    for (;;) {
        // A day at a time: the longest wait fits the kernel's clock whatever the deadline is.
        const auto left = std::min<nanoseconds>(deadline.remaining(), std::chrono::hours(24));
        const auto whole = std::chrono::duration_cast<seconds>(left);
        const timespec limit{static_cast<time_t>(whole.count()),
                             static_cast<long>((left - whole).count())};
        pollfd watched{handle, POLLIN, 0};
        const int ready = calls::ppoll(&watched, 1, &limit);
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) {
            std::atomic<std::uint32_t> never{0};
            park(never, 0, std::chrono::milliseconds(1));
            return true;
        }
        if (deadline.has_passed()) return false;
    }
}

}  // namespace procession::os
