// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/pipe.h"

#include <array>
#include <memory>
#include <new>

// After windows.h.
#include <sddl.h>

#include "os/windows/user.h"

namespace procession::inline v0::detail::os {

namespace {

constexpr DWORD kBufferBytes = 4 * pipe_message_bytes_max;

/// The security attributes of an object that only this user can open.
class PrivateSecurity {
  public:
    PrivateSecurity() {
        const std::wstring text = L"D:P(A;;GA;;;" + text_of_own_user() + L")";
        PSECURITY_DESCRIPTOR made = nullptr;
        if (::ConvertStringSecurityDescriptorToSecurityDescriptorW(text.c_str(), SDDL_REVISION_1,
                                                                   &made, nullptr)) {
            descriptor_.reset(made);
        }
        attributes_ = {sizeof attributes_, made, FALSE};
    }
    /// nullptr on failure; see last_error().
    [[nodiscard]] SECURITY_ATTRIBUTES* get() noexcept {
        return descriptor_ != nullptr ? &attributes_ : nullptr;
    }

  private:
    struct Free {
        void operator()(void* memory) const noexcept { ::LocalFree(memory); }
    };
    std::unique_ptr<void, Free> descriptor_;
    SECURITY_ATTRIBUTES attributes_{};
};

/// An overlapped call. If it is not complete at the deadline, it has no effect: a message is read
/// or written as a whole.
class OverlappedCall {
  public:
    OverlappedCall() noexcept { call_.hEvent = event_.get(); }
    /// False on failure; see last_error().
    [[nodiscard]] bool is_good() const noexcept { return event_.valid(); }
    [[nodiscard]] OVERLAPPED* get() noexcept { return &call_; }
    /// Waits for the call. `done` is what the call returned; `count` is set to the number of bytes
    /// transferred.
    [[nodiscard]] std::error_code end(NativeHandle pipe, BOOL done, DWORD& count,
                                      Deadline deadline = Deadline::now()) noexcept {
        if (!done) {
            if (::GetLastError() != ERROR_IO_PENDING) return last_error();
            const DWORD limit = milliseconds_of(deadline.remaining());
            if (limit == 0 || ::WaitForSingleObject(event_.get(), limit) != WAIT_OBJECT_0)
                ::CancelIoEx(pipe, &call_);
        }
        if (::GetOverlappedResult(pipe, &call_, &count, TRUE)) return {};
        const DWORD error = ::GetLastError();
        return error == ERROR_OPERATION_ABORTED
                   ? std::make_error_code(std::errc::operation_would_block)
                   : error_of(error);
    }

  private:
    Handle event_{::CreateEventW(nullptr, TRUE, FALSE, nullptr)};
    OVERLAPPED call_{};
};

std::error_code make_instance(const std::wstring& name, bool first, DWORD most,
                              Handle& made) noexcept try {
    PrivateSecurity security;
    if (security.get() == nullptr) return last_error();
    const DWORD mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED |
                       (first ? DWORD{FILE_FLAG_FIRST_PIPE_INSTANCE} : DWORD{0});
    Handle end = handle_or_none(::CreateNamedPipeW(
        name.c_str(), mode, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS,
        most, kBufferBytes, kBufferBytes, 0, security.get()));
    if (!end.valid()) {
        const DWORD error = ::GetLastError();
        const bool is_taken = error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY;
        return first && is_taken ? std::make_error_code(std::errc::address_in_use)
                                 : error_of(error);
    }
    made = std::move(end);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

}  // namespace

std::error_code make_pipe_instance(const std::wstring& name, bool first, Handle& made) noexcept {
    return make_instance(name, first, PIPE_UNLIMITED_INSTANCES, made);
}

std::error_code make_pipe_pair(const std::wstring& name, Handle& server, Handle& client) noexcept {
    if (const auto problem = make_instance(name, true, 1, server)) return problem;
    return connect_to_pipe(name, client);
}

std::error_code connect_to_pipe(const std::wstring& name, Handle& end) noexcept {
    // SECURITY_IDENTIFICATION: the server may identify this process, but not impersonate it.
    Handle made = handle_or_none(::CreateFileW(
        name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
        FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, nullptr));
    if (!made.valid()) {
        return ::GetLastError() == ERROR_PIPE_BUSY
                   ? std::make_error_code(std::errc::operation_would_block)
                   : last_error();
    }
    DWORD mode = PIPE_READMODE_MESSAGE;
    if (!::SetNamedPipeHandleState(made.get(), &mode, nullptr, nullptr)) return last_error();
    end = std::move(made);
    return {};
}

std::wstring name_of_pipe(NativeHandle end) {
    alignas(FILE_NAME_INFO) std::array<std::byte, 1024> space{};
    auto* const info = reinterpret_cast<FILE_NAME_INFO*>(space.data());
    if (!::GetFileInformationByHandleEx(end, FileNameInfo, info, space.size())) return {};
    // The name begins with a backslash, which the prefix ends with.
    const std::wstring_view name(info->FileName, info->FileNameLength / sizeof(wchar_t));
    return name.size() > 1 ? pipe_name_prefix + std::wstring(name.substr(1)) : std::wstring();
}

PipeContent peek_pipe(NativeHandle end) noexcept {
    PipeContent found;
    DWORD seen = 0;
    if (::PeekNamedPipe(end, &found.first, 1, &seen, &found.available, &found.in_message)) {
        found.in_message += seen;  // PeekNamedPipe sets it to the number of bytes that follow
        return found;
    }
    found = {};
    const DWORD error = ::GetLastError();
    // BAD_PIPE: the pipe is in a state in which it cannot contain anything.
    found.waits = error == ERROR_PIPE_LISTENING || error == ERROR_BAD_PIPE;
    if (!found.waits) found.error = error;
    return found;
}

std::error_code read_message(NativeHandle end, std::vector<std::byte>& message) {
    const auto found = peek_pipe(end);
    if (found.error != 0) return error_of(found.error);
    if (found.in_message > pipe_message_bytes_max)
        return std::make_error_code(std::errc::message_size);
    if (found.available == 0) return std::make_error_code(std::errc::operation_would_block);
    OverlappedCall call;
    if (!call.is_good()) return last_error();
    message.resize(found.in_message);
    DWORD count = 0;
    const BOOL done = ::ReadFile(end, message.data(), found.in_message, nullptr, call.get());
    const auto problem = call.end(end, done, count);
    message.resize(count);
    return problem;
}

std::error_code write_message(NativeHandle end, std::span<const std::byte> message,
                              Deadline deadline) noexcept {
    if (message.size() > pipe_message_bytes_max)
        return std::make_error_code(std::errc::message_size);
    OverlappedCall call;
    if (!call.is_good()) return last_error();
    DWORD count = 0;
    const BOOL done =
        ::WriteFile(end, message.data(), static_cast<DWORD>(message.size()), nullptr, call.get());
    return call.end(end, done, count, deadline);
}

bool is_server_end(NativeHandle end) noexcept {
    DWORD flags = 0;
    return ::GetNamedPipeInfo(end, &flags, nullptr, nullptr, nullptr) &&
           (flags & PIPE_SERVER_END) != 0;
}

Handle peer_process(NativeHandle end, DWORD rights) noexcept {
    ULONG number = 0;
    const BOOL known = is_server_end(end) ? ::GetNamedPipeClientProcessId(end, &number)
                                          : ::GetNamedPipeServerProcessId(end, &number);
    return Handle(known ? ::OpenProcess(rights, FALSE, number) : no_handle);
}

}  // namespace procession::inline v0::detail::os
