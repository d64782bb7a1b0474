// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "os/windows/api.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::os {

/// Named pipes in message mode, for processes of one user.

/// The maximal size of a message, with its head.
inline constexpr DWORD pipe_message_bytes_max = 128 * 1024;

/// The prefix of the name of every pipe.
inline constexpr wchar_t pipe_name_prefix[] = L"\\\\.\\pipe\\";

/// Creates an instance of the pipe, to which one client can connect. With `first` it must be the
/// first instance.
/// Returns: address_in_use when `first` is set, and the pipe has an instance already.
[[nodiscard]] std::error_code make_pipe_instance(const std::wstring& name, bool first,
                                                 Handle& made) noexcept;
/// Creates both ends of a pipe with a single instance. `server` is the end that created it.
[[nodiscard]] std::error_code make_pipe_pair(const std::wstring& name, Handle& server,
                                             Handle& client) noexcept;
/// Connects to an instance.
/// Returns: no_such_file_or_directory when there is no pipe of that name;
///          operation_would_block when none of its instances is free.
[[nodiscard]] std::error_code connect_to_pipe(const std::wstring& name, Handle& end) noexcept;
/// The name with which an instance was created; empty if the system does not tell.
[[nodiscard]] std::wstring name_of_pipe(NativeHandle end);

/// The messages in a pipe that this end can read.
struct PipeContent {
    DWORD error = 0;       // if not 0, there will never be another message
    bool waits = false;    // no client has connected yet
    DWORD available = 0;   // bytes in all messages
    DWORD in_message = 0;  // bytes in the first message
    std::byte first{};     // its first byte
};
[[nodiscard]] PipeContent peek_pipe(NativeHandle end) noexcept;

/// Reads the next message as a whole. Does not wait.
/// Returns: operation_would_block when there is none.
[[nodiscard]] std::error_code read_message(NativeHandle end, std::vector<std::byte>& message);
/// Returns: operation_would_block when there is no room for it until the deadline.
[[nodiscard]] std::error_code write_message(NativeHandle end, std::span<const std::byte> message,
                                            Deadline deadline = Deadline::now()) noexcept;

/// Whether make_pipe_instance() returned this end.
[[nodiscard]] bool is_server_end(NativeHandle end) noexcept;
/// The process that created the other end: for a server's end, the client; for a client's end, the
/// process that created the instance.
/// Returns: an invalid handle when that process has ended; see last_error().
[[nodiscard]] Handle peer_process(NativeHandle end, DWORD rights) noexcept;

}  // namespace procession::inline v0::detail::os
