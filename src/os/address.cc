// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/address.h"

#include "base/hexadecimal.h"
#include "os/listening_socket.h"
#include "procession/error.h"

namespace procession::inline v0 {

namespace {

/// A peer may have chosen the name, so it must not send control sequences to a terminal or forge a
/// line of a log.
std::string printable(std::string_view name) {
    std::string text;
    for (const char& each : name) {
        const auto byte = static_cast<unsigned char>(each);
        if (byte >= 0x20 && byte != 0x7f) {
            text += each;
        } else {
            text += "\\x" + detail::base::hexadecimal(std::as_bytes(std::span(&each, 1)));
        }
    }
    return text;
}

}  // namespace

Address Address::path(std::string_view path) {
    if (path.empty() || path.size() > detail::os::local_name_bytes_max ||
        path.find('\0') != std::string_view::npos) {
        throw ValueError("use", "address '" + printable(path) + "'",
                         "the path of a socket has 1 to " +
                             std::to_string(detail::os::local_name_bytes_max) +
                             " bytes, none of them zero; use a shorter folder");
    }
    return {Kind::path, path, 0};
}

Address Address::abstract(std::string_view name) {
    if (name.empty() || name.size() > detail::os::local_name_bytes_max) {
        throw ValueError("use", "address '@" + printable(name) + "'",
                         "an abstract name has 1 to " +
                             std::to_string(detail::os::local_name_bytes_max) + " bytes");
    }
    return {Kind::abstract, name, 0};
}

Address Address::tcp(std::string_view host, unsigned port) {
    if (host == "localhost") host = "127.0.0.1";
    if (!detail::os::is_numeric_host(host)) {
        throw ValueError("use", "host '" + printable(host) + "'",
                         "it is not a numeric IPv4 or IPv6 address; names are not looked up, use "
                         "127.0.0.1 for this machine");
    }
    if (port > 0xffff) {
        throw ValueError("use", "port " + std::to_string(port), "ports go from 0 to 65535");
    }
    return {Kind::tcp, host, static_cast<std::uint16_t>(port)};
}

bool Address::is_local() const noexcept {
    return kind_ != Kind::tcp || name_ == "::1" || name_.starts_with("127.");
}

std::string Address::text() const {
    switch (kind_) {
        case Kind::path: return printable(name_);
        case Kind::abstract: return "@" + printable(name_);
        case Kind::tcp: break;
    }
    const bool is_ipv6 = name_.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + name_ + "]" : name_) + ":" + std::to_string(port_);
}

}  // namespace procession::inline v0
