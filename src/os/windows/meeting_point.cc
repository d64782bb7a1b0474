// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/meeting_point.h"

#include <new>
#include <utility>
#include <vector>

#include "os/channel.h"
#include "os/windows/api.h"
#include "os/windows/pipe.h"
// After windows.h.
#include <bcrypt.h>

// A meeting point is an instance of a named pipe by which no client has been admitted yet. A client
// announces itself by an empty message; then the instance is the channel to that client, and
// another instance takes its place.

namespace procession::os {

namespace {

std::wstring pipe_name(const std::string& name) { return pipe_name_prefix + utf16_of(name); }

}  // namespace

std::error_code open_meeting_point(const std::string& name, Handle& made) noexcept try {
    return make_pipe_instance(pipe_name(name), true, made);
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code admit(Handle& meeting_point, Handle& channel) noexcept try {
    const auto found = peek_pipe(meeting_point.get());
    if (found.error == 0 && found.available == 0)
        return std::make_error_code(std::errc::operation_would_block);
    Handle next;
    const auto problem = make_pipe_instance(name_of_pipe(meeting_point.get()), false, next);
    if (problem) return problem;
    Handle come = std::exchange(meeting_point, std::move(next));
    std::size_t got = 0;
    std::vector<Handle> none;
    // This closes the channel of a client that has gone again, or does not greet.
    if (found.error != 0 || receive_some(come.get(), {}, got, none) || !none.empty())
        return std::make_error_code(std::errc::operation_would_block);
    channel = std::move(come);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code go_to_meeting_point(const std::string& name, Handle& channel) noexcept try {
    Handle end;
    const auto problem = connect_to_pipe(pipe_name(name), end);
    if (problem == std::errc::no_such_file_or_directory)
        return std::make_error_code(std::errc::connection_refused);
    if (problem) return problem;
    std::size_t sent = 0;
    const auto unheard = send_some(end.get(), {}, {}, sent);
    if (unheard == std::errc::broken_pipe)
        return std::make_error_code(std::errc::connection_refused);
    if (!unheard) channel = std::move(end);
    return unheard;
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::uint64_t realm_of_meeting_points() noexcept { return 0; }

std::error_code fill_randomly(std::span<std::byte> bytes) noexcept {
    const NTSTATUS status =
        ::BCryptGenRandom(nullptr, reinterpret_cast<PUCHAR>(bytes.data()),
                          static_cast<ULONG>(bytes.size()), BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    return status >= 0 ? std::error_code{} : std::make_error_code(std::errc::io_error);
}

bool are_same_object(NativeHandle one, NativeHandle other) noexcept {
    using Compare = BOOL(WINAPI*)(HANDLE, HANDLE);
    // Not in the import library of every toolchain. Its type is known here alone.
    // NOLINTNEXTLINE(bugprone-casting-through-void)
    static const auto compare = reinterpret_cast<Compare>(reinterpret_cast<void*>(
        ::GetProcAddress(::GetModuleHandleW(L"kernelbase.dll"), "CompareObjectHandles")));
    return compare != nullptr && compare(one, other) != FALSE;
}

void allow_many_handles() noexcept {}  // 16 million are

void ignore_interrupts() noexcept { ::SetConsoleCtrlHandler(nullptr, TRUE); }

}  // namespace procession::os
