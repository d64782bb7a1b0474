// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "os/channel.h"
#include "os/linux/calls.h"
#include "os/wait.h"

namespace procession::inline v0::detail::os {

namespace {

union AnyAddress {
    sockaddr general;
    sockaddr_un local;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
};
static_assert(local_name_bytes_max == sizeof(sockaddr_un{}.sun_path) - 1);

/// An address as the system takes it.
struct Native {
    explicit Native(const Address& address) noexcept {
        std::memset(&any, 0, sizeof any);
        if (address.kind() == Address::Kind::tcp) {
            fill_tcp(address);
        } else {
            const bool is_abstract = address.kind() == Address::Kind::abstract;
            any.local.sun_family = AF_UNIX;
            std::memcpy(any.local.sun_path + (is_abstract ? 1 : 0), address.name().data(),
                        address.name().size());
            // An abstract name begins with a zero byte, a path ends with one.
            length =
                static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.name().size() + 1);
        }
    }
    void fill_tcp(const Address& address) noexcept {
        if (::inet_pton(AF_INET, address.name().c_str(), &any.ipv4.sin_addr) == 1) {
            any.ipv4.sin_family = AF_INET;
            any.ipv4.sin_port = htons(address.port());
            length = sizeof any.ipv4;
        } else {
            ::inet_pton(AF_INET6, address.name().c_str(), &any.ipv6.sin6_addr);
            any.ipv6.sin6_family = AF_INET6;
            any.ipv6.sin6_port = htons(address.port());
            length = sizeof any.ipv6;
        }
    }
    [[nodiscard]] int family() const noexcept { return any.general.sa_family; }

    AnyAddress any;
    socklen_t length = 0;
};

std::optional<Address> address_from(const AnyAddress& any, socklen_t length) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    switch (any.general.sa_family) {
        case AF_INET:
            ::inet_ntop(AF_INET, &any.ipv4.sin_addr, text.data(), text.size());
            return Address::tcp(text.data(), ntohs(any.ipv4.sin_port));
        case AF_INET6:
            ::inet_ntop(AF_INET6, &any.ipv6.sin6_addr, text.data(), text.size());
            return Address::tcp(text.data(), ntohs(any.ipv6.sin6_port));
        case AF_UNIX: {
            const std::size_t head = offsetof(sockaddr_un, sun_path);
            if (length <= head) return std::nullopt;  // a socket without a name
            std::string_view name(any.local.sun_path, length - head);
            const bool is_abstract = name[0] == '\0';
            name = is_abstract ? name.substr(1) : name.substr(0, name.find('\0'));
            // The peer chose the name: the kernel allows 108 bytes, which Address does not.
            if (name.empty() || name.size() > local_name_bytes_max) return std::nullopt;
            return is_abstract ? Address::abstract(name) : Address::path(name);
        }
        default: return std::nullopt;
    }
}

/// Whether accept4 reported an error of the connection that it was about to accept, and dropped
/// (accept(2), "Error handling"). Such an error does not affect the next connection.
bool is_error_of_connection(int problem) noexcept {
    switch (problem) {
        case ECONNABORTED:
        case ECONNRESET:
        case EHOSTDOWN:
        case EHOSTUNREACH:
        case ENETDOWN:
        case ENETUNREACH:
        case ENONET:
        case ENOPROTOOPT:
        case EPERM:
        case EPROTO:
        case ETIMEDOUT: return true;
        default: return false;
    }
}

void disable_send_delay(int socket, int family) noexcept {
    if (family == AF_UNIX) return;
    const int yes = 1;
    calls::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/// A TCP peer may belong to any user.
std::error_code check_user(int socket, int family) noexcept {
    return family == AF_UNIX ? check_peer_user(socket) : std::error_code{};
}

}  // namespace

bool is_numeric_host(std::string_view host) noexcept {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (host.size() >= text.size() || host.find('\0') != std::string_view::npos) return false;
    std::memcpy(text.data(), host.data(), host.size());
    in6_addr space;
    return ::inet_pton(AF_INET, text.data(), &space) == 1 ||
           ::inet_pton(AF_INET6, text.data(), &space) == 1;
}

struct ListeningSocket::Impl {
    Handle socket;
};

ListeningSocket::ListeningSocket() noexcept = default;
ListeningSocket::~ListeningSocket() = default;
ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept = default;
ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept = default;

void ListeningSocket::close() noexcept { impl_.reset(); }

std::error_code ListeningSocket::open(const Address& address, int backlog,
                                      ListeningSocket& made) noexcept try {
    auto impl = std::make_unique<Impl>();
    const Native native(address);
    Handle socket(calls::socket(native.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return calls::last_error();
    if (native.family() != AF_UNIX) {
        // As CPython does: the port can be used again as soon as its Listener has ended.
        const int yes = 1;
        calls::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    }
    if (calls::bind(socket.get(), &native.any.general, native.length) != 0)
        return calls::last_error();
    const bool has_path = address.kind() == Address::Kind::path;
    // The mode is set before listen(), so no other user can connect in between.
    if ((has_path && calls::chmod(address.name().c_str(), S_IRUSR | S_IWUSR) != 0) ||
        calls::listen(socket.get(), backlog) != 0) {
        const auto problem = calls::last_error();
        if (has_path) calls::unlink(address.name().c_str());
        return problem;
    }
    impl->socket = std::move(socket);
    made.impl_ = std::move(impl);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code ListeningSocket::get_address(Address& address) const {
    AnyAddress any;
    socklen_t length = sizeof any;
    if (calls::getsockname(impl_->socket.get(), &any.general, &length) != 0)
        return calls::last_error();
    if (const auto found = address_from(any, length)) address = *found;
    return {};
}

std::error_code ListeningSocket::watch(ReadySet& ready) noexcept {
    return ready.add(impl_->socket.get());
}

std::error_code ListeningSocket::accept(ReadySet& /*ready*/, Accepted& accepted) {
    AnyAddress any;
    std::memset(&any, 0, sizeof any);
    socklen_t length = sizeof any;
    Handle end(calls::uninterrupted([&] {
        return calls::accept4(impl_->socket.get(), &any.general, &length,
                              SOCK_CLOEXEC | SOCK_NONBLOCK);
    }));
    if (!end.valid() && is_error_of_connection(errno))
        return std::make_error_code(std::errc::operation_would_block);
    if (!end.valid()) return calls::last_error();
    disable_send_delay(end.get(), any.general.sa_family);
    accepted.from = address_from(any, length);
    accepted.user_mismatch = check_user(end.get(), any.general.sa_family);
    if (!accepted.user_mismatch) accepted.end = std::move(end);
    return {};
}

std::error_code connect_to(const Address& address, Deadline deadline, Handle& end,
                           std::error_code& user_mismatch) noexcept {
    const Native native(address);
    Handle socket(calls::socket(native.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return calls::last_error();
    // EAGAIN: the queue of clients of a Unix socket is full. No event tells when there is room.
    while (calls::connect(socket.get(), &native.any.general, native.length) != 0) {
        if (errno == EINTR) continue;
        if (errno == EISCONN) break;
        if (errno == EINPROGRESS || errno == EALREADY) {
            if (!wait_ready(socket.get(), Direction::writing, deadline))
                return std::make_error_code(std::errc::timed_out);
            int problem = 0;
            socklen_t length = sizeof problem;
            if (calls::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &length) != 0)
                return calls::last_error();
            if (problem != 0) return {problem, std::generic_category()};
            break;
        }
        if (errno != EAGAIN) return calls::last_error();
        if (deadline.expired()) return std::make_error_code(std::errc::timed_out);
        static_cast<void>(wait_readable(no_handle, std::chrono::milliseconds(1)));
    }
    disable_send_delay(socket.get(), native.family());
    user_mismatch = check_user(socket.get(), native.family());
    if (!user_mismatch) end = std::move(socket);
    return {};
}

std::optional<FileIdentity> identity_of_path(const Address& address) noexcept {
    if (address.kind() != Address::Kind::path) return std::nullopt;
    struct stat status{};
    if (calls::lstat(address.name().c_str(), &status) != 0) return std::nullopt;
    return FileIdentity{status.st_dev, status.st_ino};
}

void remove_path(const Address& address, const FileIdentity& made) noexcept {
    if (identity_of_path(address) == made) calls::unlink(address.name().c_str());
}

}  // namespace procession::inline v0::detail::os
