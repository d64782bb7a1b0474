// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

#include "os/handle.h"
#include "os/memory_file.h"
#include "procession/address.h"
#include "procession/deadline.h"

namespace procession::os {

inline constexpr std::size_t local_name_bytes_max = 107;

[[nodiscard]] bool is_numeric_host(std::string_view host) noexcept;

/// Listens there; what connects is a channel (os/channel.h). A path becomes a socket that only this
/// user can connect to.
/// Returns: address_in_use when somebody listens there, or has left the path behind.
[[nodiscard]] std::error_code listen_at(const Address& address, int backlog,
                                        Handle& listening) noexcept;
/// The real address: port 0 has become another one.
[[nodiscard]] std::error_code address_of(NativeHandle listening, Address& address);
/// Takes the next who has connected; operation_would_block when there is none, or it has gone
/// again. Other errors are this process's or the listener's own. `peer` is where it came from, if
/// that has an address.
[[nodiscard]] std::error_code accept_at(NativeHandle listening, Handle& channel,
                                        std::optional<Address>& peer);
/// Returns: timed_out; connection_refused, no_such_file_or_directory when nobody listens there.
[[nodiscard]] std::error_code connect_to(const Address& address, Deadline deadline,
                                         Handle& channel) noexcept;

/// What a path leads to now, to know later whether it still does.
[[nodiscard]] std::optional<FileIdentity> identity_of_path(const Address& address) noexcept;
/// Removes the path if it still leads to `made`.
void remove_path(const Address& address, const FileIdentity& made) noexcept;

}  // namespace procession::os
