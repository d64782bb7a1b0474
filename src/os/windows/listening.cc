// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/listening.h"

// Before windows.h.
#include <winsock2.h>
#include <ws2tcpip.h>

#include <new>
#include <string>
#include <utility>
#include <vector>

#include "os/stream.h"
#include "os/wait.h"
#include "os/windows/pipe.h"
#include "os/windows/stream_name.h"
#include "os/windows/user.h"

// A place is a named pipe with some instances. A client makes a stream of its own, duplicates the
// stream's far end into the process that listens, and says by one message which handle that is. So
// the stream is connected before it is accepted, and its far end ends when the listening process
// does.

namespace procession::os {

namespace {

constexpr std::size_t kInstancesMost = 64;

/// The message of a client.
struct Greeting {
    static constexpr std::uint32_t magic_expected = 0x45454d43;  // "CMEE"

    std::uint32_t magic = magic_expected;
    std::uint32_t version = 1;
    std::uint64_t end = 0;  // the far end, in the table of the process that listens
};

std::error_code full_path(const std::string& name, std::wstring& path) {
    const std::wstring given = utf16_of(name);
    path.resize(32768);  // longer is none
    const DWORD length =
        ::GetFullPathNameW(given.c_str(), static_cast<DWORD>(path.size()), path.data(), nullptr);
    path.resize(length);
    return length != 0 ? std::error_code{} : last_error();
}

/// A name of a pipe has no backslashes.
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

/// The pipe that stands for an address; an address that names a pipe is used as it is.
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

/// The far end that a greeting names: of a stream that the greeting process has made, and not taken
/// before. Invalid when it is none.
Handle far_end_in(const std::vector<std::byte>& message, NativeHandle line) {
    Greeting greeting;
    if (message.size() != sizeof greeting) return {};
    std::memcpy(&greeting, message.data(), sizeof greeting);
    const auto named = reinterpret_cast<HANDLE>(greeting.end);
    ULONG client = 0;
    ULONG maker = 0;
    const bool is_greeting = greeting.magic == Greeting::magic_expected && greeting.version == 1 &&
                             greeting.end < 0x80000000 &&
                             ::GetNamedPipeClientProcessId(line, &client);
    // Not any other handle that this process may have at that number.
    if (!is_greeting || !StreamName::of(named) || !is_server_end(named) ||
        !::GetNamedPipeClientProcessId(named, &maker) || maker != client) {
        return {};
    }
    // Moved to another number: a second greeting that names the old number fails.
    HANDLE taken = nullptr;
    const HANDLE here = ::GetCurrentProcess();
    ::DuplicateHandle(here, named, here, &taken, 0, FALSE,
                      DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
    return Handle(taken);
}

/// Only the user of this process can open the pipe: a client that has ended since was of that user,
/// too.
std::error_code why_a_stranger(NativeHandle line) noexcept {
    const Handle client = peer_process(line, PROCESS_QUERY_LIMITED_INFORMATION);
    if (!client.valid() && ::GetLastError() == ERROR_INVALID_PARAMETER) return {};
    return why_process_is_a_strangers(client);
}

}  // namespace

bool is_numeric_host(std::string_view host) noexcept {
    char text[INET6_ADDRSTRLEN] = {};
    if (host.size() >= sizeof text || host.find('\0') != std::string_view::npos) return false;
    host.copy(text, sizeof text);
    in6_addr space;
    return ::inet_pton(AF_INET, text, &space) == 1 || ::inet_pton(AF_INET6, text, &space) == 1;
}

struct Listening::Rest {
    std::wstring name;
    std::vector<Handle> instances;
    std::size_t next = 0;  // where the search for a client begins

    /// Puts a fresh instance in its place. `old` becomes the instance that was there.
    [[nodiscard]] std::error_code replace(std::size_t at, ReadySet& ready, Handle& old) {
        Handle fresh;
        if (const auto problem = make_pipe_instance(name, false, fresh)) return problem;
        ready.remove(instances[at].get());
        old = std::exchange(instances[at], std::move(fresh));
        return ready.add(instances[at].get());
    }
    /// An instance must always be free: clients that have connected and say nothing make room.
    [[nodiscard]] std::error_code keep_one_free(ReadySet& ready) {
        std::size_t silent = instances.size();
        for (std::size_t i = 0; i < instances.size(); ++i) {
            const std::size_t at = (next + i) % instances.size();
            const auto found = peek_pipe(instances[at].get());
            if (found.waits || found.error != 0) return {};
            if (found.available == 0 && silent == instances.size()) silent = at;
        }
        if (instances.size() < kInstancesMost) {
            Handle added;
            if (const auto problem = make_pipe_instance(name, false, added)) return problem;
            instances.push_back(std::move(added));
            return ready.add(instances.back().get());
        }
        if (silent == instances.size()) return {};  // all have something to say
        Handle let_go;
        return replace(silent, ready, let_go);
    }
};

Listening::Listening() noexcept = default;
Listening::~Listening() { close(); }
Listening::Listening(Listening&& other) noexcept = default;
Listening& Listening::operator=(Listening&& other) noexcept {
    std::swap(place_, other.place_);
    std::swap(rest_, other.rest_);
    return *this;
}

bool Listening::is_open() const noexcept { return rest_ != nullptr; }

void Listening::close() noexcept {
    if (rest_ == nullptr) return;
    // Clients that have connected, and are not accepted any more: their far ends are here already.
    for (auto& each : rest_->instances) {
        try {
            std::vector<std::byte> message;
            if (!read_message(each.get(), message)) far_end_in(message, each.get()).reset();
            // NOLINTNEXTLINE(bugprone-empty-catch)
        } catch (const std::bad_alloc&) {  // it stays open until this process ends
        }
    }
    rest_.reset();
}

std::error_code Listening::open(const Address& address, int backlog, Listening& made) noexcept try {
    auto rest = std::make_unique<Rest>();
    if (const auto problem = pipe_at(address, rest->name)) return problem;
    const auto count =
        std::clamp<std::size_t>(static_cast<std::size_t>(backlog), 1, kInstancesMost);
    while (rest->instances.size() < count) {
        const bool first = rest->instances.empty();
        Handle instance;
        if (const auto problem = make_pipe_instance(rest->name, first, instance)) return problem;
        rest->instances.push_back(std::move(instance));
    }
    made.rest_ = std::move(rest);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code Listening::tell(Address& /*address*/) const { return {}; }

std::error_code Listening::watch(ReadySet& ready) noexcept {
    for (const auto& each : rest_->instances) {
        if (const auto problem = ready.add(each.get())) return problem;
    }
    return {};
}

std::error_code Listening::accept(ReadySet& ready, Handle& end, std::optional<Address>& from,
                                  std::error_code& stranger) {
    from.reset();
    for (std::size_t i = 0; i < rest_->instances.size(); ++i) {
        const std::size_t at = (rest_->next + i) % rest_->instances.size();
        const auto found = peek_pipe(rest_->instances[at].get());
        const bool has_gone = found.error != 0;
        if (!has_gone && found.available == 0) continue;
        Handle line;
        if (const auto problem = rest_->replace(at, ready, line)) return problem;
        std::vector<std::byte> message;
        if (has_gone || read_message(line.get(), message)) continue;
        Handle come = far_end_in(message, line.get());
        if (!come.valid()) continue;  // what it said was no greeting
        rest_->next = at + 1;
        stranger = why_a_stranger(line.get());
        if (!stranger) end = std::move(come);
        return {};
    }
    const auto problem = rest_->keep_one_free(ready);
    return problem ? problem : std::make_error_code(std::errc::operation_would_block);
}

namespace {

/// Leaves a handle to the far end in the process that listens; closes it there if greeting fails.
std::error_code greet(const Handle& line, const Handle& listener, const Handle& theirs,
                      Deadline deadline) noexcept {
    HANDLE there = nullptr;
    if (const auto problem = duplicate_into(listener.get(), theirs.get(), there)) return problem;
    const Greeting greeting{.end = reinterpret_cast<std::uint64_t>(there)};
    const auto problem =
        write_message(line.get(), std::as_bytes(std::span(&greeting, 1)), deadline);
    if (problem) close_there(listener.get(), there);
    return problem;
}

/// One attempt.
std::error_code call_at(const std::wstring& name, Deadline deadline, Handle& end,
                        std::error_code& stranger) noexcept {
    Handle line;
    if (const auto problem = connect_to_pipe(name, line)) return problem;
    const Handle listener =
        peer_process(line.get(), PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION);
    if (!listener.valid()) return last_error();
    stranger = why_process_is_a_strangers(listener);
    if (stranger) return {};
    Handle theirs;
    Handle ours;
    if (const auto problem = create_stream(theirs, ours)) return problem;
    if (const auto problem = greet(line, listener, theirs, deadline)) return problem;
    end = std::move(ours);
    return {};
}

}  // namespace

std::error_code connect_to(const Address& address, Deadline deadline, Handle& end,
                           std::error_code& stranger) noexcept try {
    std::wstring name;
    if (const auto problem = pipe_at(address, name)) return problem;
    for (;;) {
        const auto problem = call_at(name, deadline, end, stranger);
        // All instances are taken, or the listener closed ours to make room for another client.
        const bool try_again = problem == std::errc::operation_would_block ||
                               problem == std::errc::broken_pipe ||
                               problem == std::errc::not_connected;
        if (problem == std::errc::no_such_file_or_directory &&
            address.kind() == Address::Kind::abstract) {
            return std::make_error_code(std::errc::connection_refused);
        }
        if (!try_again) return problem;
        if (deadline.has_passed()) return std::make_error_code(std::errc::timed_out);
        static_cast<void>(wait_readable(no_handle, std::chrono::milliseconds(1)));
    }
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

// A pipe leaves nothing behind in the file system.
std::optional<FileIdentity> identity_of_path(const Address& /*address*/) noexcept {
    return std::nullopt;
}
void remove_path(const Address& /*address*/, const FileIdentity& /*made*/) noexcept {}

}  // namespace procession::os
