// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/channel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "os/linux/calls.h"
#include "os/linux/socket_pair.h"
#include "os/wait.h"
#include "os/would_block.h"

namespace procession::inline v0::detail::os {

namespace {

constexpr std::size_t control_bytes_max = CMSG_SPACE(sizeof(int) * handles_per_transfer_max);

/// Room for the control message (cmsg(3)) that carries the descriptors.
struct Control {
    alignas(cmsghdr) std::array<std::byte, control_bytes_max> bytes;
};

void attach(msghdr& message, Control& control, std::span<const NativeHandle> handles) noexcept {
    const std::size_t length = sizeof(int) * handles.size();
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(length);
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(length);
    std::memcpy(CMSG_DATA(head), handles.data(), length);
}

/// Takes ownership of every received descriptor before anything can fail.
void detach(msghdr& message, std::vector<Handle>& arrived) {
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
         head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(head) + i * sizeof(int), sizeof descriptor);
            arrived.emplace_back(descriptor);  // never throws: the room is reserved
        }
    }
}

}  // namespace

std::error_code create_channel_pair(Handle& one, Handle& other) noexcept {
    return create_socket_pair(SOCK_SEQPACKET, one, other);
}

std::error_code send_some(NativeHandle channel, std::span<const std::span<const std::byte>> parts,
                          std::span<const NativeHandle> handles, std::size_t& sent) noexcept {
    constexpr std::size_t parts_max = 4;
    sent = 0;
    if (handles.size() > handles_per_transfer_max || parts.size() > parts_max)
        return std::make_error_code(std::errc::argument_list_too_long);
    std::array<iovec, parts_max> vectors;
    for (std::size_t i = 0; i < parts.size(); ++i)
        vectors[i] = {const_cast<std::byte*>(parts[i].data()), parts[i].size()};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = parts.size();
    Control control;
    if (!handles.empty()) attach(message, control, handles);
    const ssize_t moved = calls::uninterrupted(
        [&] { return calls::sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
    if (moved < 0) return calls::last_error();
    sent = static_cast<std::size_t>(moved);
    return {};
}

bool are_too_many_in_flight(std::error_code problem) noexcept {
    return problem == std::error_code(ETOOMANYREFS, std::generic_category());
}

// The handles are sent to this process itself, which shows whether the kernel counts too many. They
// leave the count at once, when the channel is closed.
std::error_code check_in_flight_limit(std::span<const NativeHandle> handles) noexcept {
    Handle sender;
    Handle receiver;
    if (const auto problem = create_channel_pair(sender, receiver)) return problem;
    constexpr std::byte any_byte{};
    const std::array parts{std::span(&any_byte, 1)};
    while (!handles.empty()) {
        const auto batch = handles.first(std::min(handles.size(), handles_per_transfer_max));
        std::size_t sent = 0;
        if (const auto problem = send_some(sender.get(), parts, batch, sent)) return problem;
        handles = handles.subspan(batch.size());
    }
    return {};
}

bool is_back_pressure(std::error_code problem) noexcept {
    return is_would_block(problem) || are_too_many_in_flight(problem);
}

bool wait_to_send(NativeHandle channel, std::error_code problem, Deadline deadline) noexcept {
    if (!are_too_many_in_flight(problem)) return wait_ready(channel, Direction::writing, deadline);
    // Polling the channel would return at once, because it has room.
    constexpr std::chrono::milliseconds pause{2};
    if (deadline.expired()) return false;
    const auto left = std::min<std::chrono::nanoseconds>(deadline.remaining(), pause);
    static_cast<void>(wait_readable(no_handle, Deadline(left)));
    return true;
}

std::error_code receive_some(NativeHandle channel, std::span<std::byte> space, std::size_t& got,
                             std::vector<Handle>& arrived) noexcept {
    got = 0;
    try {
        arrived.reserve(arrived.size() + handles_per_transfer_max);
    } catch (const std::bad_alloc&) {
        return std::make_error_code(std::errc::not_enough_memory);
    }
    iovec vector{space.data(), space.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    Control control;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    const ssize_t moved = calls::uninterrupted(
        [&] { return calls::recvmsg(channel, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT); });
    if (moved < 0) return calls::last_error();
    detach(message, arrived);
    got = static_cast<std::size_t>(moved);
    // The kernel could not open all descriptors in this process, and dropped the others.
    if ((message.msg_flags & MSG_CTRUNC) != 0)
        return std::make_error_code(std::errc::too_many_files_open);
    return {};
}

std::error_code check_peer_user(NativeHandle channel, Superuser superuser) noexcept {
    ucred peer{};
    socklen_t length = sizeof peer;
    if (calls::getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return calls::last_error();
    const bool is_accepted =
        length == sizeof peer &&
        (peer.uid == calls::geteuid() || (superuser == Superuser::accepted && peer.uid == 0));
    return is_accepted ? std::error_code{} : std::make_error_code(std::errc::permission_denied);
}

std::uint32_t effective_user_id() noexcept { return calls::geteuid(); }

}  // namespace procession::inline v0::detail::os
