// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/listening_socket.h"

// Before windows.h.
#include <winsock2.h>
#include <ws2tcpip.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "os/stream.h"
#include "os/wait.h"
#include "os/windows/pipe.h"
#include "os/windows/stream_name.h"
#include "os/windows/user.h"

// A listening socket is a named pipe with several instances. A client creates a stream, duplicates
// one end of it into the listening process, and sends the number of that handle through the pipe,
// as a greeting. So the stream is connected before it is accepted, and it ends when the listening
// process does.

namespace procession::inline v0::detail::os {

namespace {

constexpr std::size_t kInstancesMax = 64;

/// The message that a client sends.
struct Greeting {
    static constexpr std::uint32_t magic_expected = 0x45454d43;  // "CMEE"

    std::uint32_t magic = magic_expected;
    std::uint32_t version = 1;
    std::uint64_t end = 0;  // the listener's end of the stream, in the handle table of its process
};

std::error_code full_path(const std::string& name, std::wstring& path) {
    const std::wstring given = utf16_of(name);
    path.resize(32768);  // the maximal length of a path
    const DWORD length =
        ::GetFullPathNameW(given.c_str(), static_cast<DWORD>(path.size()), path.data(), nullptr);
    path.resize(length);
    return length != 0 ? std::error_code{} : last_error();
}

/// Escapes backslashes, which the name of a pipe must not contain.
std::wstring without_backslashes(std::wstring_view text) {
    std::wstring plain;
    for (const wchar_t each : text) {
        if (each == L'\\') {
            plain += L"%5C";
        } else if (each == L'%') {
            plain += L"%25";
        } else {
            plain += each;
        }
    }
    return plain;
}

/// The name of the pipe for an address. An address that is the name of a pipe is used as it is.
std::error_code pipe_at(const Address& address, std::wstring& pipe) {
    constexpr std::size_t longest = 256;
    const std::wstring ours = pipe_name_prefix + std::wstring(L"procession-at-");
    switch (address.kind()) {
        case Address::Kind::tcp:
            return std::make_error_code(std::errc::address_family_not_supported);
        case Address::Kind::abstract:
            pipe = ours + L"@" + without_backslashes(utf16_of(address.name()));
            break;
        case Address::Kind::path: {
            std::wstring path = utf16_of(address.name());
            if (path.starts_with(pipe_name_prefix)) {
                pipe = path;
                break;
            }
            if (const auto problem = full_path(address.name(), path)) return problem;
            pipe = ours + without_backslashes(path);
            break;
        }
    }
    return pipe.size() <= longest ? std::error_code{}
                                  : std::make_error_code(std::errc::filename_too_long);
}

/// The end that a greeting names. Invalid unless it is an end of a stream that the greeting process
/// created, and was not taken before.
Handle take_end(const std::vector<std::byte>& message, NativeHandle instance) {
    Greeting greeting;
    if (message.size() != sizeof greeting) return {};
    std::memcpy(&greeting, message.data(), sizeof greeting);
    const auto named = reinterpret_cast<HANDLE>(greeting.end);
    ULONG client = 0;
    ULONG creator = 0;
    const bool is_greeting = greeting.magic == Greeting::magic_expected && greeting.version == 1 &&
                             greeting.end < 0x80000000 &&
                             ::GetNamedPipeClientProcessId(instance, &client);
    // The number must not be that of another handle of this process.
    if (!is_greeting || !StreamName::of(named) || !is_server_end(named) ||
        !::GetNamedPipeClientProcessId(named, &creator) || creator != client) {
        return {};
    }
    // Moved to another number, so that a second greeting with the same number fails.
    HANDLE taken = nullptr;
    const HANDLE here = ::GetCurrentProcess();
    ::DuplicateHandle(here, named, here, &taken, 0, FALSE,
                      DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
    return Handle(taken);
}

/// A client that has ended is accepted: only the user of this process can open the pipe.
std::error_code check_client_user(NativeHandle instance) noexcept {
    const Handle client = peer_process(instance, PROCESS_QUERY_LIMITED_INFORMATION);
    if (!client.valid() && ::GetLastError() == ERROR_INVALID_PARAMETER) return {};
    return check_process_user(client);
}

}  // namespace

bool is_numeric_host(std::string_view host) noexcept {
    char text[INET6_ADDRSTRLEN] = {};
    if (host.size() >= sizeof text || host.find('\0') != std::string_view::npos) return false;
    host.copy(text, sizeof text);
    in6_addr space;
    return ::inet_pton(AF_INET, text, &space) == 1 || ::inet_pton(AF_INET6, text, &space) == 1;
}

struct ListeningSocket::Impl {
    std::wstring name;
    std::vector<Handle> instances;
    std::size_t next = 0;  // the index where the search for a client begins

    /// Replaces instance `at` by a new one. `old` becomes the instance that was there.
    [[nodiscard]] std::error_code replace(std::size_t at, ReadySet& ready, Handle& old) {
        Handle fresh;
        if (const auto problem = make_pipe_instance(name, false, fresh)) return problem;
        ready.remove(instances[at].get());
        old = std::exchange(instances[at], std::move(fresh));
        return ready.add(instances[at].get());
    }
    /// Makes sure that an instance is free, if necessary by closing the instance of a client that
    /// has connected but sent nothing.
    [[nodiscard]] std::error_code keep_one_free(ReadySet& ready) {
        std::size_t silent = instances.size();
        for (std::size_t i = 0; i < instances.size(); ++i) {
            const std::size_t at = (next + i) % instances.size();
            const auto found = peek_pipe(instances[at].get());
            if (found.waits || found.error != 0) return {};
            if (found.available == 0 && silent == instances.size()) silent = at;
        }
        if (instances.size() < kInstancesMax) {
            Handle added;
            if (const auto problem = make_pipe_instance(name, false, added)) return problem;
            instances.push_back(std::move(added));
            return ready.add(instances.back().get());
        }
        if (silent == instances.size()) return {};  // all clients have sent something
        Handle dropped;
        return replace(silent, ready, dropped);
    }
};

ListeningSocket::ListeningSocket() noexcept = default;
ListeningSocket::~ListeningSocket() { close(); }
ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept = default;
ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
    std::swap(impl_, other.impl_);
    return *this;
}

void ListeningSocket::close() noexcept {
    if (impl_ == nullptr) return;
    // The streams of clients that are not accepted any more have their ends in this process
    // already.
    for (auto& each : impl_->instances) {
        try {
            std::vector<std::byte> message;
            if (!read_message(each.get(), message)) take_end(message, each.get()).reset();
            // NOLINTNEXTLINE(bugprone-empty-catch)
        } catch (const std::bad_alloc&) {  // the end stays open until this process ends
        }
    }
    impl_.reset();
}

std::error_code ListeningSocket::open(const Address& address, int backlog,
                                      ListeningSocket& made) noexcept try {
    auto impl = std::make_unique<Impl>();
    if (const auto problem = pipe_at(address, impl->name)) return problem;
    const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(backlog), 1, kInstancesMax);
    while (impl->instances.size() < count) {
        const bool first = impl->instances.empty();
        Handle instance;
        if (const auto problem = make_pipe_instance(impl->name, first, instance)) return problem;
        impl->instances.push_back(std::move(instance));
    }
    made.impl_ = std::move(impl);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code ListeningSocket::get_address(Address& /*address*/) const { return {}; }

std::error_code ListeningSocket::watch(ReadySet& ready) noexcept {
    for (const auto& each : impl_->instances) {
        if (const auto problem = ready.add(each.get())) return problem;
    }
    return {};
}

std::error_code ListeningSocket::accept(ReadySet& ready, Accepted& accepted) {
    for (std::size_t i = 0; i < impl_->instances.size(); ++i) {
        const std::size_t at = (impl_->next + i) % impl_->instances.size();
        const auto found = peek_pipe(impl_->instances[at].get());
        const bool has_disconnected = found.error != 0;
        if (!has_disconnected && found.available == 0) continue;
        Handle instance;
        if (const auto problem = impl_->replace(at, ready, instance)) return problem;
        std::vector<std::byte> message;
        if (has_disconnected || read_message(instance.get(), message)) continue;
        Handle end = take_end(message, instance.get());
        if (!end.valid()) continue;  // the message was not a greeting
        impl_->next = at + 1;
        accepted.user_mismatch = check_client_user(instance.get());
        if (!accepted.user_mismatch) accepted.end = std::move(end);
        return {};
    }
    const auto problem = impl_->keep_one_free(ready);
    return problem ? problem : std::make_error_code(std::errc::operation_would_block);
}

namespace {

/// Duplicates `theirs` into the listening process and sends the greeting. If that fails, closes the
/// duplicate again.
std::error_code greet(const Handle& instance, const Handle& listener, const Handle& theirs,
                      Deadline deadline) noexcept {
    HANDLE there = nullptr;
    if (const auto problem = duplicate_into(listener.get(), theirs.get(), there)) return problem;
    const Greeting greeting{.end = reinterpret_cast<std::uint64_t>(there)};
    const auto problem =
        write_message(instance.get(), std::as_bytes(std::span(&greeting, 1)), deadline);
    if (problem) close_there(listener.get(), there);
    return problem;
}

/// One attempt of connect_to().
std::error_code try_to_connect(const std::wstring& name, Deadline deadline, Handle& end,
                               std::error_code& user_mismatch) noexcept {
    Handle instance;
    if (const auto problem = connect_to_pipe(name, instance)) return problem;
    const Handle listener =
        peer_process(instance.get(), PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION);
    if (!listener.valid()) return last_error();
    user_mismatch = check_process_user(listener);
    if (user_mismatch) return {};
    Handle theirs;
    Handle ours;
    if (const auto problem = create_stream_pair(theirs, ours)) return problem;
    if (const auto problem = greet(instance, listener, theirs, deadline)) return problem;
    end = std::move(ours);
    return {};
}

}  // namespace

std::error_code connect_to(const Address& address, Deadline deadline, Handle& end,
                           std::error_code& user_mismatch) noexcept try {
    std::wstring name;
    if (const auto problem = pipe_at(address, name)) return problem;
    for (;;) {
        const auto problem = try_to_connect(name, deadline, end, user_mismatch);
        // No instance is free, or the listener closed ours to make room for another client.
        const bool try_again = problem == std::errc::operation_would_block ||
                               problem == std::errc::broken_pipe ||
                               problem == std::errc::not_connected;
        if (problem == std::errc::no_such_file_or_directory &&
            address.kind() == Address::Kind::abstract) {
            return std::make_error_code(std::errc::connection_refused);
        }
        if (!try_again) return problem;
        if (deadline.expired()) return std::make_error_code(std::errc::timed_out);
        static_cast<void>(wait_readable(no_handle, std::chrono::milliseconds(1)));
    }
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

// A pipe has no file that must be removed.
std::optional<FileIdentity> identity_of_path(const Address& /*address*/) noexcept {
    return std::nullopt;
}
void remove_path(const Address& /*address*/, const FileIdentity& /*made*/) noexcept {}

}  // namespace procession::inline v0::detail::os
