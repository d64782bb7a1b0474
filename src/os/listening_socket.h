// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "os/handle.h"
#include "os/memory_file.h"
#include "os/ready_set.h"
#include "procession/address.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::os {

inline constexpr std::size_t local_name_bytes_max = 107;

[[nodiscard]] bool is_numeric_host(std::string_view host) noexcept;

/// A connection that a ListeningSocket has accepted.
struct Accepted {
    Handle end;  // of a stream (os/stream.h); invalid when there is a user_mismatch
    std::optional<Address> from;  // the client's address, if it has one
    /// permission_denied when the client is on this machine and belongs to another user; another
    /// error when the system does not tell. Such a connection is closed.
    std::error_code user_mismatch;
};

/// A socket that listens at an address. Each client that connects becomes one end of a stream.
///
/// Fork: the child's copy listens at the same address.
class ListeningSocket {
  public:
    ListeningSocket() noexcept;
    ~ListeningSocket();
    ListeningSocket(ListeningSocket&& other) noexcept;
    ListeningSocket& operator=(ListeningSocket&& other) noexcept;
    ListeningSocket(const ListeningSocket&) = delete;
    ListeningSocket& operator=(const ListeningSocket&) = delete;

    /// Listens at `address`. If it is a path, only this user can connect to it.
    /// Returns: address_in_use when a process listens there, or has left the path behind.
    [[nodiscard]] static std::error_code open(const Address& address, int backlog,
                                              ListeningSocket& made) noexcept;
    [[nodiscard]] bool is_open() const noexcept { return impl_ != nullptr; }
    void close() noexcept;

    /// Replaces `address` by the address in use, in which port 0 is replaced by the real port.
    [[nodiscard]] std::error_code get_address(Address& address) const;
    /// Adds to `ready` what becomes ready when a client connects.
    [[nodiscard]] std::error_code watch(ReadySet& ready) noexcept;
    /// Accepts the next connection. `ready` is the set that was given to watch().
    /// Returns: operation_would_block when no client is waiting, or the client has disconnected
    /// already; other errors concern this process or the address.
    [[nodiscard]] std::error_code accept(ReadySet& ready, Accepted& accepted);

  private:
    struct Impl;  // one for each platform

    std::unique_ptr<Impl> impl_;
};

/// Connects to the process that listens at `address`. `user_mismatch` is as in Accepted.
/// Returns: timed_out; connection_refused or no_such_file_or_directory when no process listens
/// there.
[[nodiscard]] std::error_code connect_to(const Address& address, Deadline deadline, Handle& end,
                                         std::error_code& user_mismatch) noexcept;

/// The identity of the file at this path, to find out later whether it is still the same one.
/// Empty when the address is not a path.
[[nodiscard]] std::optional<FileIdentity> identity_of_path(const Address& address) noexcept;
/// Removes the file at this path if it is still `made`.
void remove_path(const Address& address, const FileIdentity& made) noexcept;

}  // namespace procession::inline v0::detail::os
