// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/report_channel.h"

#include "os/linux/calls.h"
#include "os/linux/socket_pair.h"

namespace procession::inline v0::detail::os {

std::error_code ReportChannel::create(ReportChannel& created) noexcept {
    // Sockets, not a pipe: they preserve record boundaries, and with MSG_NOSIGNAL the child gets no
    // SIGPIPE when its parent is gone.
    return create_socket_pair(SOCK_SEQPACKET, created.receiver, created.sender);
}

bool send_report(NativeHandle sender, std::span<const std::byte> record) noexcept {
    const ssize_t sent = calls::uninterrupted([&] {
        return calls::send(sender, record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    });
    return sent >= 0 && static_cast<std::size_t>(sent) == record.size();
}

std::optional<std::size_t> receive_report(NativeHandle receiver,
                                          std::span<std::byte> space) noexcept {
    const ssize_t got = calls::uninterrupted(
        [&] { return calls::recv(receiver, space.data(), space.size(), MSG_DONTWAIT); });
    if (got <= 0) return std::nullopt;
    return static_cast<std::size_t>(got);
}

}  // namespace procession::inline v0::detail::os
