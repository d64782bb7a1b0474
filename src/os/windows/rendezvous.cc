// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/rendezvous.h"

#include <new>
#include <utility>
#include <vector>

#include "os/channel.h"
#include "os/windows/api.h"
#include "os/windows/pipe.h"

// A rendezvous socket is an instance of a named pipe that waits for a client. A client connects and
// sends an empty message. To accept it, this instance becomes the channel to that client, and a new
// instance becomes the rendezvous socket.

namespace procession::inline v0::detail::os {

namespace {

std::wstring pipe_name(const std::string& name) { return pipe_name_prefix + utf16_of(name); }

}  // namespace

std::error_code open_rendezvous(const std::string& name, Handle& made) noexcept try {
    return make_pipe_instance(pipe_name(name), true, made);
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code accept_from_rendezvous(Handle& rendezvous_socket, Handle& channel) noexcept try {
    const auto found = peek_pipe(rendezvous_socket.get());
    if (found.error == 0 && found.available == 0)
        return std::make_error_code(std::errc::operation_would_block);
    Handle next;
    const auto problem = make_pipe_instance(name_of_pipe(rendezvous_socket.get()), false, next);
    if (problem) return problem;
    Handle accepted = std::exchange(rendezvous_socket, std::move(next));
    std::size_t got = 0;
    std::vector<Handle> none;
    // A client that has disconnected, or sent something else, is dropped: its channel is closed.
    if (found.error != 0 || receive_some(accepted.get(), {}, got, none) || !none.empty())
        return std::make_error_code(std::errc::operation_would_block);
    channel = std::move(accepted);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code connect_to_rendezvous(const std::string& name, Handle& channel) noexcept try {
    Handle end;
    const auto problem = connect_to_pipe(pipe_name(name), end);
    if (problem == std::errc::no_such_file_or_directory)
        return std::make_error_code(std::errc::connection_refused);
    if (problem) return problem;
    std::size_t sent = 0;
    const auto not_sent = send_some(end.get(), {}, {}, sent);
    if (not_sent == std::errc::broken_pipe)
        return std::make_error_code(std::errc::connection_refused);
    if (!not_sent) channel = std::move(end);
    return not_sent;
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::uint64_t rendezvous_namespace() noexcept { return 0; }

}  // namespace procession::inline v0::detail::os
