// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/listening.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "os/channel.h"
#include "os/linux/calls.h"
#include "os/wait.h"

namespace procession::os {

namespace {

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

union AnyAddress {
    sockaddr general;
    sockaddr_un local;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
};
static_assert(local_name_bytes_max == sizeof(sockaddr_un{}.sun_path) - 1);

/// The system's form of an address.
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
            if (length <= head) return std::nullopt;  // it has no name
            std::string_view name(any.local.sun_path, length - head);
            const bool is_abstract = name[0] == '\0';
            name = is_abstract ? name.substr(1) : name.substr(0, name.find('\0'));
            // The peer has chosen the name. The kernel allows 108 bytes, we allow fewer.
            if (name.empty() || name.size() > local_name_bytes_max) return std::nullopt;
            return is_abstract ? Address::abstract(name) : Address::path(name);
        }
        default: return std::nullopt;
    }
}

/// accept4 also reports what has gone wrong with the connection that was to be accepted, which is
/// gone then (accept(2), "Error handling"). Such an error says nothing about the next connection.
bool was_only_about_the_peer(int problem) noexcept {
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

void answer_at_once(int socket, int family) noexcept {
    if (family == AF_UNIX) return;
    const int yes = 1;
    calls::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

/// A TCP peer may be of any user: none is a stranger.
std::error_code why_it_is_a_stranger(int socket, int family) noexcept {
    return family == AF_UNIX ? why_peer_is_a_stranger(socket) : std::error_code{};
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

struct Listening::Rest {};

Listening::Listening() noexcept = default;
Listening::~Listening() = default;
Listening::Listening(Listening&& other) noexcept = default;
Listening& Listening::operator=(Listening&& other) noexcept = default;

bool Listening::is_open() const noexcept { return place_.valid(); }
void Listening::close() noexcept { place_.reset(); }

std::error_code Listening::open(const Address& address, int backlog, Listening& made) noexcept {
    const Native native(address);
    Handle socket(calls::socket(native.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return last_error();
    if (native.family() != AF_UNIX) {
        // As CPython does: a port is free again at once after its Listener has ended.
        const int yes = 1;
        calls::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    }
    if (calls::bind(socket.get(), &native.any.general, native.length) != 0) return last_error();
    const bool has_path = address.kind() == Address::Kind::path;
    // No client gets in before listen().
    if ((has_path && calls::chmod(address.name().c_str(), S_IRUSR | S_IWUSR) != 0) ||
        calls::listen(socket.get(), backlog) != 0) {
        const auto problem = last_error();
        if (has_path) calls::unlink(address.name().c_str());
        return problem;
    }
    made.place_ = std::move(socket);
    return {};
}

std::error_code Listening::tell(Address& address) const {
    AnyAddress any;
    socklen_t length = sizeof any;
    if (calls::getsockname(place_.get(), &any.general, &length) != 0) return last_error();
    if (const auto found = address_from(any, length)) address = *found;
    return {};
}

std::error_code Listening::watch(ReadySet& ready) noexcept { return ready.add(place_.get()); }

std::error_code Listening::accept(ReadySet& /*ready*/, Handle& end, std::optional<Address>& from,
                                  std::error_code& stranger) {
    AnyAddress any;
    std::memset(&any, 0, sizeof any);
    socklen_t length = sizeof any;
    const int accepted = calls::uninterrupted([&] {
        return calls::accept4(place_.get(), &any.general, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    });
    if (accepted < 0 && was_only_about_the_peer(errno))
        return std::make_error_code(std::errc::operation_would_block);
    if (accepted < 0) return last_error();
    Handle come(accepted);
    answer_at_once(accepted, any.general.sa_family);
    from = address_from(any, length);
    stranger = why_it_is_a_stranger(accepted, any.general.sa_family);
    if (!stranger) end = std::move(come);
    return {};
}

std::error_code connect_to(const Address& address, Deadline deadline, Handle& end,
                           std::error_code& stranger) noexcept {
    const Native native(address);
    Handle socket(calls::socket(native.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) return last_error();
    // EAGAIN: too many clients wait at a Unix listener. No event tells when that has changed.
    while (calls::connect(socket.get(), &native.any.general, native.length) != 0) {
        if (errno == EINTR) continue;
        if (errno == EISCONN) break;
        if (errno == EINPROGRESS || errno == EALREADY) {
            if (!wait_ready(socket.get(), Direction::writing, deadline))
                return std::make_error_code(std::errc::timed_out);
            int problem = 0;
            socklen_t length = sizeof problem;
            if (calls::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &problem, &length) != 0)
                return last_error();
            if (problem != 0) return {problem, std::generic_category()};
            break;
        }
        if (errno != EAGAIN) return last_error();
        if (deadline.has_passed()) return std::make_error_code(std::errc::timed_out);
        static_cast<void>(wait_readable(no_handle, std::chrono::milliseconds(1)));
    }
    answer_at_once(socket.get(), native.family());
    stranger = why_it_is_a_stranger(socket.get(), native.family());
    if (!stranger) end = std::move(socket);
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

}  // namespace procession::os
