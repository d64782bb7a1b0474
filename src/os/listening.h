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

namespace procession::os {

inline constexpr std::size_t local_name_bytes_max = 107;

[[nodiscard]] bool is_numeric_host(std::string_view host) noexcept;

/// A place that clients connect to. Each connection becomes an end of a stream.
///
/// Fork: the child's copy listens at the same place.
class Listening {
  public:
    Listening() noexcept;
    ~Listening();
    Listening(Listening&& other) noexcept;
    Listening& operator=(Listening&& other) noexcept;
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    /// Listens there. A path becomes one that only this user can connect to.
    /// Returns: address_in_use when a process listens there, or has left the path behind.
    [[nodiscard]] static std::error_code open(const Address& address, int backlog,
                                              Listening& made) noexcept;
    [[nodiscard]] bool is_open() const noexcept;
    void close() noexcept;

    /// The address in use: port 0 has been replaced by the real port.
    [[nodiscard]] std::error_code tell(Address& address) const;
    /// Makes the set ready when a client connects.
    [[nodiscard]] std::error_code watch(ReadySet& ready) noexcept;
    /// Takes the next connection. `from` is the client's address, if it has one. `stranger` says
    /// why a client on this machine does not, or may not, belong to the user of this process:
    /// permission_denied when it does not. The connection of a stranger is closed.
    /// Returns: operation_would_block when there is no connection, or the client has gone again;
    /// other errors are this process's or the place's own.
    [[nodiscard]] std::error_code accept(ReadySet& ready, Handle& end, std::optional<Address>& from,
                                         std::error_code& stranger);

  private:
    struct Rest;  // what a system needs besides the handle

    Handle place_;
    std::unique_ptr<Rest> rest_;
};

/// Connects to the process that listens there. `stranger` as for accept().
/// Returns: timed_out; connection_refused or no_such_file_or_directory when no process listens
/// there.
[[nodiscard]] std::error_code connect_to(const Address& address, Deadline deadline, Handle& end,
                                         std::error_code& stranger) noexcept;

/// The identity of what a path leads to now, to learn later whether it still does.
[[nodiscard]] std::optional<FileIdentity> identity_of_path(const Address& address) noexcept;
/// Removes the path if it still leads to `made`.
void remove_path(const Address& address, const FileIdentity& made) noexcept;

}  // namespace procession::os
