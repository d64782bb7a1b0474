// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/meeting_point.h"

#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "os/linux/calls.h"

namespace procession::os {

namespace {

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

/// An address in Linux's abstract namespace: it begins with a zero byte.
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

std::error_code open_meeting_point(const std::string& name, Handle& made) noexcept {
    Handle socket(calls::socket(AF_UNIX, kType, 0));
    if (!socket.valid()) return last_error();
    const Address address(name);
    if (calls::bind(socket.get(), address.get(), address.length) != 0 ||
        calls::listen(socket.get(), kBacklog) != 0) {
        return last_error();
    }
    made = std::move(socket);
    return {};
}

std::error_code admit(Handle& meeting_point, Handle& channel) noexcept {
    const int accepted = calls::uninterrupted([&] {
        return calls::accept4(meeting_point.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    });
    if (accepted < 0) return last_error();
    channel.reset(accepted);
    return {};
}

std::error_code go_to_meeting_point(const std::string& name, Handle& channel) noexcept {
    Handle socket(calls::socket(AF_UNIX, kType, 0));
    if (!socket.valid()) return last_error();
    const Address address(name);
    const int connected = calls::uninterrupted(
        [&] { return calls::connect(socket.get(), address.get(), address.length); });
    if (connected != 0) return last_error();
    channel = std::move(socket);
    return {};
}

std::uint64_t realm_of_meeting_points() noexcept {
    const Handle realm(calls::uninterrupted(
        [] { return calls::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }));
    struct stat status{};
    if (!realm.valid() || calls::fstat(realm.get(), &status) != 0) return 0;
    return status.st_ino;
}

std::error_code fill_randomly(std::span<std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t got =
            calls::uninterrupted([&] { return calls::getrandom(bytes.data(), bytes.size()); });
        if (got < 0) return last_error();
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return {};
}

bool are_same_object(NativeHandle one, NativeHandle other) noexcept {
    return calls::compare_files(one, other) == 0;
}

void allow_many_handles() noexcept {
    rlimit limit{};
    if (calls::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    calls::setrlimit(RLIMIT_NOFILE, &limit);
}

void ignore_interrupts() noexcept {
    for (const int number : {SIGINT, SIGQUIT, SIGHUP, SIGTERM}) calls::ignore_signal(number);
}

}  // namespace procession::os
