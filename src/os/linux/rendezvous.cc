// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/rendezvous.h"

#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "os/linux/calls.h"
#include "os/linux/file_io.h"

namespace procession::inline v0::detail::os {

namespace {

/// An address in Linux's abstract namespace (unix(7)): its name begins with a zero byte.
struct Address {
    explicit Address(const std::string& name) noexcept {
        address.sun_family = AF_UNIX;
        const std::size_t count = std::min(name.size(), sizeof address.sun_path - 1);
        std::memcpy(address.sun_path + 1, name.data(), count);
        length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + count);
    }
    [[nodiscard]] const sockaddr* get() const noexcept {
        return reinterpret_cast<const sockaddr*>(&address);
    }

    sockaddr_un address{};
    socklen_t length;
};

constexpr int kType = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
constexpr int kBacklog = 128;

}  // namespace

std::error_code open_rendezvous(const std::string& name, Handle& made) noexcept {
    Handle socket(calls::socket(AF_UNIX, kType, 0));
    if (!socket.valid()) return calls::last_error();
    const Address address(name);
    if (calls::bind(socket.get(), address.get(), address.length) != 0 ||
        calls::listen(socket.get(), kBacklog) != 0) {
        return calls::last_error();
    }
    made = std::move(socket);
    return {};
}

std::error_code accept_from_rendezvous(Handle& rendezvous_socket, Handle& channel) noexcept {
    const int accepted = calls::uninterrupted([&] {
        return calls::accept4(rendezvous_socket.get(), nullptr, nullptr,
                              SOCK_CLOEXEC | SOCK_NONBLOCK);
    });
    if (accepted < 0) return calls::last_error();
    channel.reset(accepted);
    return {};
}

std::error_code connect_to_rendezvous(const std::string& name, Handle& channel) noexcept {
    Handle socket(calls::socket(AF_UNIX, kType, 0));
    if (!socket.valid()) return calls::last_error();
    const Address address(name);
    const int connected = calls::uninterrupted(
        [&] { return calls::connect(socket.get(), address.get(), address.length); });
    if (connected != 0) return calls::last_error();
    channel = std::move(socket);
    return {};
}

std::uint64_t rendezvous_namespace() noexcept {
    const Handle network(open_to_read("/proc/self/ns/net"));
    struct stat status{};
    if (!network.valid() || calls::fstat(network.get(), &status) != 0) return 0;
    return status.st_ino;
}

}  // namespace procession::inline v0::detail::os
