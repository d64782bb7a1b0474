// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/channel.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "os/wait.h"
#include "os/windows/pipe.h"
#include "os/windows/user.h"
#include "os/would_block.h"

// A channel is an end of a named pipe in message mode. No kernel object holds handles that are in
// flight, so the server's end moves them in both directions: it duplicates the handles that it
// sends into the client, and it duplicates the handles that the client sends out of the client. So
// the client must not end, and must not close those handles, until it gets an answer. All numbers
// are those of the client's handle table: no client can name a handle of the server.

namespace procession::inline v0::detail::os {

namespace {

/// The head of a message, in front of its bytes.
struct Head {
    static constexpr std::uint32_t magic_expected = 0x4e414843;  // "CHAN"

    std::uint32_t magic = magic_expected;
    std::uint32_t count = 0;  // how many handle numbers follow, of 8 bytes each
};

constexpr std::size_t kBytesMax = 65536;  // in one message, without its head

using Number = std::uint64_t;

/// Handles that were duplicated into the client. The destructor closes them there, unless keep()
/// was called.
class HandlesInClient {
  public:
    explicit HandlesInClient(NativeHandle end) : client_(peer_process(end, PROCESS_DUP_HANDLE)) {}
    ~HandlesInClient() {
        for (const Number each : numbers_)
            close_there(client_.get(), reinterpret_cast<HANDLE>(each));
    }
    HandlesInClient(const HandlesInClient&) = delete;
    HandlesInClient& operator=(const HandlesInClient&) = delete;

    std::error_code duplicate(std::span<const NativeHandle> handles) {
        if (!client_.valid()) return last_error();
        numbers_.reserve(handles.size());
        for (const NativeHandle each : handles) {
            HANDLE there = nullptr;
            if (const auto problem = duplicate_into(client_.get(), each, there)) return problem;
            numbers_.push_back(reinterpret_cast<Number>(there));
        }
        return {};
    }
    [[nodiscard]] const std::vector<Number>& numbers() const noexcept { return numbers_; }
    void keep() noexcept { numbers_.clear(); }

  private:
    Handle client_;
    std::vector<Number> numbers_;
};

void append(std::vector<std::byte>& message, const void* from, std::size_t bytes) {
    const auto* const begin = static_cast<const std::byte*>(from);
    message.insert(message.end(), begin, begin + bytes);
}

std::error_code write_record(NativeHandle channel, std::span<const Number> numbers,
                             std::span<const std::span<const std::byte>> parts, std::size_t& sent) {
    std::size_t bytes = 0;
    for (const auto& part : parts) bytes += part.size();
    if (bytes > kBytesMax) return std::make_error_code(std::errc::message_size);
    const Head head{.count = static_cast<std::uint32_t>(numbers.size())};
    std::vector<std::byte> message;
    message.reserve(sizeof head + numbers.size_bytes() + bytes);
    append(message, &head, sizeof head);
    append(message, numbers.data(), numbers.size_bytes());
    for (const auto& part : parts) append(message, part.data(), part.size());
    const auto problem = write_message(channel, message);
    if (!problem) sent = bytes;
    return problem;
}

/// Whether a handle table can contain this number. Other numbers are pseudo-handles, such as the
/// one for the current process.
bool can_be_handle(Number number) noexcept {
    return number != 0 && number % 4 == 0 && number < 0x80000000;
}

/// Makes the handles of a received message handles of this process.
std::error_code take_handles(NativeHandle channel, std::span<const Number> numbers,
                             std::vector<Handle>& arrived) {
    if (numbers.empty()) return {};
    arrived.reserve(arrived.size() + numbers.size());
    const bool from_client = is_server_end(channel);
    Handle client;
    if (from_client) client = peer_process(channel, PROCESS_DUP_HANDLE);
    bool all = true;
    for (const Number number : numbers) {
        HANDLE here = reinterpret_cast<HANDLE>(number);
        const bool taken =
            can_be_handle(number) &&
            (!from_client || ::DuplicateHandle(client.get(), here, ::GetCurrentProcess(), &here, 0,
                                               FALSE, DUPLICATE_SAME_ACCESS));
        if (taken) arrived.emplace_back(here);
        all = all && taken;
    }
    return all ? std::error_code{} : std::make_error_code(std::errc::too_many_files_open);
}

}  // namespace

std::error_code create_channel_pair(Handle& /*one*/, Handle& /*other*/) noexcept {
    return std::make_error_code(std::errc::function_not_supported);  // only the forkserver needs it
}

std::error_code send_some(NativeHandle channel, std::span<const std::span<const std::byte>> parts,
                          std::span<const NativeHandle> handles, std::size_t& sent) noexcept try {
    sent = 0;
    if (handles.size() > handles_per_transfer_max)
        return std::make_error_code(std::errc::argument_list_too_long);
    if (handles.empty()) return write_record(channel, {}, parts, sent);
    if (!is_server_end(channel)) {
        std::vector<Number> numbers;
        numbers.reserve(handles.size());
        for (const NativeHandle each : handles) numbers.push_back(reinterpret_cast<Number>(each));
        return write_record(channel, numbers, parts, sent);
    }
    HandlesInClient duplicated(channel);
    if (const auto problem = duplicated.duplicate(handles)) return problem;
    const auto problem = write_record(channel, duplicated.numbers(), parts, sent);
    if (!problem) duplicated.keep();
    return problem;
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

// A handle that was sent belongs to the receiver already, so none is in flight.
bool are_too_many_in_flight(std::error_code /*problem*/) noexcept { return false; }
std::error_code check_in_flight_limit(std::span<const NativeHandle> /*handles*/) noexcept {
    return {};
}
bool is_back_pressure(std::error_code problem) noexcept { return is_would_block(problem); }
bool wait_to_send(NativeHandle channel, std::error_code /*problem*/, Deadline deadline) noexcept {
    return wait_ready(channel, Direction::writing, deadline);
}

std::error_code receive_some(NativeHandle channel, std::span<std::byte> space, std::size_t& got,
                             std::vector<Handle>& arrived) noexcept try {
    got = 0;
    std::vector<std::byte> message;
    const auto problem = read_message(channel, message);
    if (problem == std::errc::broken_pipe || problem == std::errc::not_connected) return {};
    if (problem) return problem;
    Head head;
    if (message.size() < sizeof head) return std::make_error_code(std::errc::bad_message);
    std::memcpy(&head, message.data(), sizeof head);
    const auto rest = std::span(message).subspan(sizeof head);
    const bool is_whole = head.magic == Head::magic_expected &&
                          head.count <= handles_per_transfer_max &&
                          head.count * sizeof(Number) <= rest.size();
    if (!is_whole) return std::make_error_code(std::errc::bad_message);
    std::vector<Number> numbers(head.count);
    const auto listed = std::as_writable_bytes(std::span(numbers));
    std::copy_n(rest.begin(), listed.size(), listed.begin());
    const auto bytes = rest.subspan(listed.size());
    got = std::min(bytes.size(), space.size());
    std::copy_n(bytes.begin(), got, space.begin());
    return take_handles(channel, numbers, arrived);
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code check_peer_user(NativeHandle channel, Superuser /*superuser*/) noexcept {
    return check_process_user(peer_process(channel, PROCESS_QUERY_LIMITED_INFORMATION));
}

std::uint32_t effective_user_id() noexcept { return 1; }

}  // namespace procession::inline v0::detail::os
