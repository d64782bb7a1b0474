// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// A rendezvous socket: processes of one user connect to it by name, without a common ancestor. The
/// name is not in the file system, and vanishes when the last handle to the socket is closed. Each
/// connection is a channel (os/channel.h).

[[nodiscard]] std::error_code open_rendezvous(const std::string& name, Handle& made) noexcept;
/// Accepts the next client. The rendezvous socket may be another handle afterwards.
/// Returns: operation_would_block when no client is waiting.
[[nodiscard]] std::error_code accept_from_rendezvous(Handle& rendezvous_socket,
                                                     Handle& channel) noexcept;
/// Returns: connection_refused when no process holds that name; operation_would_block when the
/// queue of waiting clients is full.
[[nodiscard]] std::error_code connect_to_rendezvous(const std::string& name,
                                                    Handle& channel) noexcept;

/// Whether a process can move to another namespace of names, where it no longer finds its
/// rendezvous sockets.
#ifdef _WIN32
inline constexpr bool can_leave_rendezvous_namespace = false;
#else
inline constexpr bool can_leave_rendezvous_namespace = true;
#endif
/// The number of this process's namespace: processes with different numbers cannot connect by name.
/// On Linux this is the network namespace. 0 when the system does not tell.
[[nodiscard]] std::uint64_t rendezvous_namespace() noexcept;

}  // namespace procession::inline v0::detail::os
