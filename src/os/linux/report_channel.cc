// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/report_channel.h"

#include <cerrno>

#include "os/linux/calls.h"

namespace procession::os {

std::error_code ReportChannel::create(ReportChannel& created) noexcept {
    // Sockets, not a pipe: they keep record borders, and MSG_NOSIGNAL spares the child a SIGPIPE
    // when its parent is gone.
    int ends[2];
    if (calls::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return {errno, std::generic_category()};
    created.receiver.reset(ends[0]);
    created.sender.reset(ends[1]);
    return {};
}

bool send_report(NativeHandle sender, std::span<const std::byte> record) noexcept {
    for (;;) {
        const ssize_t sent =
            calls::send(sender, record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) return static_cast<std::size_t>(sent) == record.size();
        if (errno != EINTR) return false;
    }
}

std::optional<std::size_t> receive_report(NativeHandle receiver,
                                          std::span<std::byte> space) noexcept {
    for (;;) {
        const ssize_t got = calls::recv(receiver, space.data(), space.size(), MSG_DONTWAIT);
        if (got > 0) return static_cast<std::size_t>(got);
        if (got == 0 || errno != EINTR) return std::nullopt;
    }
}

}  // namespace procession::os
