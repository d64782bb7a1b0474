// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/stream.h"

#include <cerrno>
#include <utility>

#include "os/channel.h"
#include "os/linux/calls.h"
#include "os/linux/socket_pair.h"

// A stream is a socket. The kernel keeps all of its state.

namespace procession::os {

namespace {

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

// POSIX record locks on the socket itself: one byte for each side. They belong to the process, so
// they distinguish the processes that share the end, and the kernel drops them when a process dies.
// (OFD locks would belong to the shared description, and could not distinguish them.)
bool set_side_lock(NativeHandle socket, Side side, short type) noexcept {
    struct flock request{};
    request.l_type = type;
    request.l_whence = SEEK_SET;
    request.l_start = static_cast<off_t>(side);
    request.l_len = 1;
    return calls::set_process_lock(socket, &request) == 0;
}

// All transfers here are non-blocking, so the time limits of the socket limit nothing. They are
// state that all holders of the end share.
int limit_of(Side side) noexcept { return side == Side::sending ? SO_SNDTIMEO : SO_RCVTIMEO; }
}  // namespace

std::error_code create_stream(Handle& one, Handle& other) noexcept {
    return create_socket_pair(SOCK_STREAM, one, other);
}

// Handles travel in streams, so no caller needs these answers.
bool is_stream(const Handle& /*end*/) noexcept { return false; }
bool has_peer(const Handle& /*end*/) noexcept { return false; }
FileIdentity other_end_of(const FileIdentity& /*end*/) noexcept { return {}; }
bool has_other_holder(const Handle& /*end*/) noexcept { return true; }

std::error_code identify_end(const Handle& end, std::string_view /*label*/,
                             FileIdentity& identity) noexcept {
    std::uint64_t size = 0;
    return identify(end, identity, size);
}

struct Stream::Rest {};

Stream::Stream() noexcept = default;
Stream::~Stream() = default;
Stream::Stream(Stream&& other) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept = default;

std::error_code Stream::open(Handle& end, std::string_view /*label*/, Stream& opened) noexcept {
    opened.end_ = std::move(end);
    return {};
}
std::string Stream::label() const { return {}; }
void Stream::close() noexcept { end_.reset(); }
Handle Stream::release() noexcept { return std::exchange(end_, Handle()); }

std::error_code Stream::send_within(std::span<const std::span<const std::byte>> parts,
                                    const Beside& beside, Deadline deadline,
                                    std::size_t& sent) noexcept {
    const auto problem = send_some(end_.get(), parts, beside.handles, sent);
    if (!is_back_pressure(problem) || !wait_to_send(end_.get(), problem, deadline)) return problem;
    return send_some(end_.get(), parts, beside.handles, sent);
}

std::error_code Stream::receive_some(std::span<std::byte> space, std::size_t& got,
                                     CameBeside& beside) noexcept {
    return os::receive_some(end_.get(), space, got, beside.handles);
}

void Stream::end_sending() noexcept { calls::shutdown(end_.get(), SHUT_WR); }
void Stream::end_receiving() noexcept { calls::shutdown(end_.get(), SHUT_RD); }

std::error_code Stream::try_lock_side(Side side) noexcept {
    if (set_side_lock(end_.get(), side, F_WRLCK)) return {};
    const bool busy = errno == EACCES || errno == EAGAIN;
    return busy ? std::make_error_code(std::errc::device_or_resource_busy) : last_error();
}
void Stream::unlock_side(Side side) noexcept { set_side_lock(end_.get(), side, F_UNLCK); }

void Stream::mark_under_way(Side side, bool under_way) noexcept {
    const timeval mark{under_way ? 1 : 0, 0};
    calls::setsockopt(end_.get(), SOL_SOCKET, limit_of(side), &mark, sizeof mark);
}

bool Stream::is_under_way(Side side) const noexcept {
    timeval mark{};
    socklen_t length = sizeof mark;
    return calls::getsockopt(end_.get(), SOL_SOCKET, limit_of(side), &mark, &length) == 0 &&
           mark.tv_sec != 0;
}

}  // namespace procession::os
