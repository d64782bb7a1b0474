// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace procession {

/// Where a Listener listens and a Client goes.
///
/// Python: the address of a Listener: a path, "\0name", or (host, port)
class Address {
  public:
    enum class Kind : std::uint8_t { path, abstract, tcp };

    /// A Unix socket in the file system; on Windows a named pipe that stands for the path, or is it
    /// (\\.\pipe\name). Throws: ValueError when it is empty or longer than 107 bytes.
    [[nodiscard]] static Address path(std::string_view path);
    /// A Unix socket in Linux's abstract namespace, on Windows a named pipe: gone with its
    /// Listener.
    [[nodiscard]] static Address abstract(std::string_view name);
    /// `host` is a numeric IPv4 or IPv6 address, or "localhost". Port 0: any that is free, see
    /// Listener::address(). Not on Windows.
    [[nodiscard]] static Address tcp(std::string_view host, unsigned port);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// The path, the name, or the host.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Whether only processes of this machine can come there.
    [[nodiscard]] bool is_local() const noexcept;
    /// "/run/x", "@name", "127.0.0.1:80", "[::1]:80"; control characters as "\x1b".
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Address&, const Address&) = default;

  private:
    Address(Kind kind, std::string_view name, std::uint16_t port)
        : kind_(kind), name_(name), port_(port) {}

    Kind kind_;
    std::string name_;
    std::uint16_t port_;
};

}  // namespace procession
