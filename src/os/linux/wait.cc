// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/wait.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <memory>

#include "os/futex.h"
#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

namespace {

short events_of(Direction direction) noexcept {
    return direction == Direction::reading ? POLLIN : POLLOUT;
}

/// Returns: how many are ready; 0 when the deadline passed; -1 when the kernel fails.
int poll_until(std::span<pollfd> asked, Deadline deadline) noexcept {
    using std::chrono::nanoseconds;
    using std::chrono::seconds;
    for (;;) {
        // At most a day at a time: a later deadline might not fit into the kernel's types.
        const auto left = std::min<nanoseconds>(deadline.remaining(), std::chrono::hours(24));
        const auto whole = std::chrono::duration_cast<seconds>(left);
        const timespec limit{static_cast<time_t>(whole.count()),
                             static_cast<long>((left - whole).count())};
        const int ready = calls::ppoll(asked.data(), asked.size(), &limit);
        if (ready > 0) return ready;
        if (ready < 0 && errno != EINTR) return -1;
        if (deadline.expired()) return 0;
    }
}

bool all_may_be_ready(std::span<Watched> watched, Deadline deadline) noexcept {
    // A caller that finds nothing ready and waits again must still reach its deadline.
    if (deadline.expired()) return false;
    std::atomic<std::uint32_t> never_changes{0};
    futex_wait(never_changes, 0, std::chrono::milliseconds(1));
    for (auto& each : watched) each.ready = each.handle != no_handle;
    return true;
}

}  // namespace

bool wait_any(std::span<Watched> watched, Deadline deadline) noexcept {
    std::unique_ptr<pollfd[]> asked(new (std::nothrow) pollfd[watched.size()]);
    if (asked == nullptr) return all_may_be_ready(watched, deadline);
    for (std::size_t i = 0; i < watched.size(); ++i)
        asked[i] = {watched[i].handle, events_of(watched[i].direction), 0};
    const int ready = poll_until({asked.get(), watched.size()}, deadline);
    if (ready < 0) return all_may_be_ready(watched, deadline);
    for (std::size_t i = 0; i < watched.size(); ++i) watched[i].ready = asked[i].revents != 0;
    return ready > 0;
}

bool wait_ready(NativeHandle handle, Direction direction, Deadline deadline) noexcept {
    pollfd asked{handle, events_of(direction), 0};
    const int ready = poll_until({&asked, 1}, deadline);
    if (ready >= 0) return ready > 0;
    Watched single{handle};
    return all_may_be_ready({&single, 1}, deadline);
}

}  // namespace procession::inline v0::detail::os
