// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/stream.h"

#include <utility>

#include "os/channel.h"
#include "os/linux/calls.h"
#include "os/linux/socket_pair.h"

namespace procession::inline v0::detail::os {

namespace {

// POSIX record locks on the socket itself, one byte for each side. They belong to a process, so
// they exclude the processes that share the end from each other, and the kernel releases them when
// a process dies. (OFD locks would belong to the description that these processes share.)
int set_side_lock(NativeHandle socket, Side side, short type) noexcept {
    struct flock request = calls::one_byte(static_cast<std::uint64_t>(side), type);
    return calls::set_process_lock(socket, &request);
}

// All transfers are non-blocking, so the timeouts of the socket have no effect on them. They serve
// as flags that all holders of the end share.
int timeout_option(Side side) noexcept { return side == Side::sending ? SO_SNDTIMEO : SO_RCVTIMEO; }

}  // namespace

std::error_code create_stream_pair(Handle& one, Handle& other) noexcept {
    return create_socket_pair(SOCK_STREAM, one, other);
}

// These streams carry handles, so no caller needs the answers.
bool is_stream(const Handle& /*end*/) noexcept { return false; }
bool has_peer(const Handle& /*end*/) noexcept { return false; }
FileIdentity other_end_of(const FileIdentity& /*end*/) noexcept { return {}; }
bool has_other_holder(const Handle& /*end*/) noexcept { return true; }

std::error_code identify_end(const Handle& end, std::string_view /*label*/,
                             FileIdentity& identity) noexcept {
    std::uint64_t size = 0;
    return identify(end, identity, size);
}

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
                                    const AncillaryData& ancillary, Deadline deadline,
                                    std::size_t& sent) noexcept {
    const auto problem = send_some(end_.get(), parts, ancillary.handles, sent);
    if (!is_back_pressure(problem) || !wait_to_send(end_.get(), problem, deadline)) return problem;
    return send_some(end_.get(), parts, ancillary.handles, sent);
}

std::error_code Stream::receive_some(std::span<std::byte> space, std::size_t& got,
                                     ReceivedAncillaryData& ancillary) noexcept {
    return os::receive_some(end_.get(), space, got, ancillary.handles);
}

void Stream::end_sending() noexcept { calls::shutdown(end_.get(), SHUT_WR); }
void Stream::end_receiving() noexcept { calls::shutdown(end_.get(), SHUT_RD); }

std::error_code Stream::try_lock_side(Side side) noexcept {
    const bool locked = set_side_lock(end_.get(), side, F_WRLCK) == 0;
    return locked ? std::error_code{} : calls::lock_error();
}
void Stream::unlock_side(Side side) noexcept { set_side_lock(end_.get(), side, F_UNLCK); }

void Stream::set_in_progress(Side side, bool in_progress) noexcept {
    const timeval flag{in_progress ? 1 : 0, 0};
    calls::setsockopt(end_.get(), SOL_SOCKET, timeout_option(side), &flag, sizeof flag);
}

bool Stream::is_in_progress(Side side) const noexcept {
    timeval flag{};
    socklen_t length = sizeof flag;
    return calls::getsockopt(end_.get(), SOL_SOCKET, timeout_option(side), &flag, &length) == 0 &&
           flag.tv_sec != 0;
}

}  // namespace procession::inline v0::detail::os
