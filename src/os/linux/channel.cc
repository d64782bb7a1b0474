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

namespace procession::os {

namespace {

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

constexpr std::size_t control_bytes_max = CMSG_SPACE(sizeof(int) * handles_per_transfer_max);

/// Room for the control message with the descriptors, aligned as it must be.
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

/// Owns every descriptor that came, before anything can fail.
void detach(msghdr& message, std::vector<Handle>& arrived) {
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
         head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(head) + i * sizeof(int), sizeof descriptor);
            arrived.emplace_back(descriptor);  // there is room: no exception
        }
    }
}

}  // namespace

std::error_code create_record_channel(Handle& one, Handle& other) noexcept {
    return create_socket_pair(SOCK_SEQPACKET, one, other);
}

std::error_code send_some(NativeHandle channel, std::span<const std::span<const std::byte>> parts,
                          std::span<const NativeHandle> handles, std::size_t& sent) noexcept {
    constexpr std::size_t parts_max = 4;
    sent = 0;
    if (handles.size() > handles_per_transfer_max || parts.size() > parts_max)
        return std::make_error_code(std::errc::argument_list_too_long);
    std::array<iovec, parts_max> pieces;
    for (std::size_t i = 0; i < parts.size(); ++i)
        pieces[i] = {const_cast<std::byte*>(parts[i].data()), parts[i].size()};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = parts.size();
    Control control;
    if (!handles.empty()) attach(message, control, handles);
    const ssize_t moved = calls::uninterrupted(
        [&] { return calls::sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
    if (moved < 0) return last_error();
    sent = static_cast<std::size_t>(moved);
    return {};
}

bool are_too_many_under_way(std::error_code problem) noexcept {
    return problem == std::error_code(ETOOMANYREFS, std::generic_category());
}

// They are sent within this process, and never received: so the kernel says whether it counts too
// many, and forgets them at once.
std::error_code try_to_hold(std::span<const NativeHandle> handles) noexcept {
    Handle here;
    Handle there;
    if (const auto problem = create_record_channel(here, there)) return problem;
    constexpr std::byte something{};
    const std::array parts{std::span(&something, 1)};
    while (!handles.empty()) {
        const auto lot = handles.first(std::min(handles.size(), handles_per_transfer_max));
        std::size_t sent = 0;
        if (const auto problem = send_some(here.get(), parts, lot, sent)) return problem;
        handles = handles.subspan(lot.size());
    }
    return {};
}

bool is_back_pressure(std::error_code problem) noexcept {
    return is_would_block(problem) || are_too_many_under_way(problem);
}

bool wait_to_send(NativeHandle channel, std::error_code problem, Deadline deadline) noexcept {
    if (!are_too_many_under_way(problem)) return wait_ready(channel, Direction::writing, deadline);
    // The channel has room, so it would say at once that it is ready.
    constexpr std::chrono::milliseconds moment{2};
    if (deadline.has_passed()) return false;
    const auto left = std::min<std::chrono::nanoseconds>(deadline.remaining(), moment);
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
    iovec piece{space.data(), space.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    Control control;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    const ssize_t moved = calls::uninterrupted(
        [&] { return calls::recvmsg(channel, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT); });
    if (moved < 0) return last_error();
    detach(message, arrived);
    got = static_cast<std::size_t>(moved);
    // The kernel could not install all of them, and has dropped the rest.
    if ((message.msg_flags & MSG_CTRUNC) != 0)
        return std::make_error_code(std::errc::too_many_files_open);
    return {};
}

std::error_code why_peer_is_a_stranger(NativeHandle channel, Superuser superuser) noexcept {
    ucred peer{};
    socklen_t length = sizeof peer;
    if (calls::getsockopt(channel, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return last_error();
    const bool is_ours =
        length == sizeof peer &&
        (peer.uid == calls::geteuid() || (superuser == Superuser::welcome && peer.uid == 0));
    return is_ours ? std::error_code{} : std::make_error_code(std::errc::permission_denied);
}

std::uint32_t user_of_this_process() noexcept { return calls::geteuid(); }

}  // namespace procession::os
