// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "os/windows/api.h"
#include "procession/deadline.h"

namespace procession::os {

/// Named pipes that keep the borders of messages, for processes of one user.

/// The longest message, with its head.
inline constexpr DWORD pipe_message_bytes_max = 128 * 1024;

/// The name of every pipe begins so.
inline constexpr wchar_t pipe_name_prefix[] = L"\\\\.\\pipe\\";

/// Makes one more instance of the pipe, for a client to connect to; with `first`, only the first.
/// Returns: address_in_use when `first` is set, and the pipe has an instance already.
[[nodiscard]] std::error_code make_pipe_instance(const std::wstring& name, bool first,
                                                 Handle& made) noexcept;
/// The two ends of a pipe of which there is one instance; `server` is the one that made it.
[[nodiscard]] std::error_code make_pipe_pair(const std::wstring& name, Handle& server,
                                             Handle& client) noexcept;
/// Connects to an instance.
/// Returns: no_such_file_or_directory when there is no pipe of that name;
///          operation_would_block when none of its instances is free.
[[nodiscard]] std::error_code connect_to_pipe(const std::wstring& name, Handle& end) noexcept;
/// The name that an instance was made by; empty when that cannot be told.
[[nodiscard]] std::wstring name_of_pipe(NativeHandle end);

/// The messages in a pipe for this end to read.
struct PipeContent {
    DWORD error = 0;       // why there is nothing, and never will be
    bool waits = false;    // no client has connected yet
    DWORD available = 0;   // bytes, of all messages
    DWORD in_message = 0;  // of the first one
    std::byte first{};     // of these
};
[[nodiscard]] PipeContent peek_pipe(NativeHandle end) noexcept;

/// The next message, as a whole; does not wait.
/// Returns: operation_would_block when there is none.
[[nodiscard]] std::error_code read_message(NativeHandle end, std::vector<std::byte>& message);
/// Returns: operation_would_block when until the deadline there is no room for it.
[[nodiscard]] std::error_code write_message(NativeHandle end, std::span<const std::byte> message,
                                            Deadline deadline = Deadline::now()) noexcept;

/// Whether this is the end that make_pipe_instance() gave.
[[nodiscard]] bool is_server_end(NativeHandle end) noexcept;
/// The process that made the other end; of a client's end, the process that made the instance.
/// Returns: an invalid handle when that process has gone; see last_error().
[[nodiscard]] Handle peer_process(NativeHandle end, DWORD rights) noexcept;

}  // namespace procession::os
