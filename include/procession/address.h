// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "procession/export.h"

namespace procession::inline v0 {

/// The address of a Listener, to which a Client connects.
///
/// Python: the address of a Listener: a path, "\0name", or (host, port)
class PROCESSION_EXPORT Address {
  public:
    enum class Kind : std::uint8_t { path, abstract, tcp };

    /// A Unix socket in the file system. On Windows, a named pipe: a `path` of the form
    /// `\\.\pipe\name` is its name; from any other path, its name is derived.
    /// Throws: ValueError when the path is empty, contains a zero byte, or exceeds 107 bytes.
    [[nodiscard]] static Address path(std::string_view path);
    /// A Unix socket in Linux's abstract namespace; on Windows, a named pipe. The name is free
    /// again when its Listener ends.
    /// Throws: ValueError when the name is empty or exceeds 107 bytes.
    [[nodiscard]] static Address abstract(std::string_view name);
    /// `host` is a numeric IPv4 or IPv6 address, or "localhost". With port 0 the system chooses a
    /// free port, see Listener::address(). On Windows, Listener and Client refuse it: OSError.
    /// Throws: ValueError for any other host, or a port above 65535.
    [[nodiscard]] static Address tcp(std::string_view host, unsigned port);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// The path, the name, or the host.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Whether only processes of this machine can connect.
    [[nodiscard]] bool is_local() const noexcept;
    /// As in "/run/x", "@name", "127.0.0.1:80", "[::1]:80". Control characters become "\x1b" and
    /// the like.
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Address&, const Address&) = default;

  private:
    Address(Kind kind, std::string_view name, std::uint16_t port)
        : kind_(kind), name_(name), port_(port) {}

    Kind kind_;
    std::string name_;
    std::uint16_t port_;
};

}  // namespace procession::inline v0
