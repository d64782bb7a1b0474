// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/lifeline.h"

#include <cerrno>
#include <csignal>

#include "base/step.h"
#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

std::error_code Lifeline::open(Handle& child_end) noexcept {
    const std::lock_guard guard(lock_);
    int ends[2];
    if (calls::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return calls::last_error();
    child_end.reset(ends[0]);
    writer_.reset(ends[1]);
    return {};
}

std::error_code die_with_parent(Handle child_end) noexcept {
    const int fd = child_end.get();
    const int flags = calls::get_status_flags(fd);
    if (flags < 0) return calls::last_error();
    if (calls::set_signal(fd, SIGKILL) != 0 || calls::set_owner(fd, calls::getpid()) != 0 ||
        calls::set_status_flags(fd, flags | O_ASYNC) != 0) {
        return calls::last_error();
    }
    PROCESSION_STEP("lifeline.armed");
    // From here on the kernel reports the parent's death. It may have died before, so check once.
    pollfd watched{fd, POLLIN, 0};
    const int ready = calls::uninterrupted([&] { return calls::poll(&watched, 1, 0); });
    if (ready < 0) return calls::last_error();
    if (ready > 0 && (watched.revents & POLLHUP) != 0) calls::kill(calls::getpid(), SIGKILL);
    [[maybe_unused]] const int kept_for_life = child_end.release();
    return {};
}

}  // namespace procession::inline v0::detail::os
