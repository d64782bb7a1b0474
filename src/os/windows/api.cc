// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

std::error_code error_of(DWORD error) noexcept {
    using std::errc;
    switch (error) {
        case ERROR_SUCCESS: return {};
        case ERROR_FILE_NOT_FOUND:
        case ERROR_PATH_NOT_FOUND:
        case ERROR_BAD_PATHNAME: return std::make_error_code(errc::no_such_file_or_directory);
        case ERROR_TOO_MANY_OPEN_FILES: return std::make_error_code(errc::too_many_files_open);
        case ERROR_ACCESS_DENIED:
        case ERROR_SHARING_VIOLATION: return std::make_error_code(errc::permission_denied);
        case ERROR_INVALID_HANDLE: return std::make_error_code(errc::bad_file_descriptor);
        case ERROR_NOT_ENOUGH_MEMORY:
        case ERROR_OUTOFMEMORY:
        case ERROR_COMMITMENT_LIMIT:
        case ERROR_PAGEFILE_QUOTA:
        case ERROR_NOT_ENOUGH_QUOTA:
        case ERROR_NO_SYSTEM_RESOURCES: return std::make_error_code(errc::not_enough_memory);
        case ERROR_BROKEN_PIPE:
        case ERROR_NO_DATA: return std::make_error_code(errc::broken_pipe);
        case ERROR_PIPE_NOT_CONNECTED: return std::make_error_code(errc::not_connected);
        case ERROR_BUSY:
        case ERROR_PIPE_BUSY: return std::make_error_code(errc::device_or_resource_busy);
        case ERROR_INVALID_PARAMETER: return std::make_error_code(errc::invalid_argument);
        case ERROR_NOT_SUPPORTED:
        case ERROR_CALL_NOT_IMPLEMENTED:
        case ERROR_INVALID_FUNCTION: return std::make_error_code(errc::function_not_supported);
        case ERROR_FILE_TOO_LARGE:
        case ERROR_DISK_FULL: return std::make_error_code(errc::file_too_large);
        case WAIT_TIMEOUT:
        case ERROR_SEM_TIMEOUT: return std::make_error_code(errc::timed_out);
        default: return {static_cast<int>(error), std::system_category()};
    }
}

Handle duplicate_here(NativeHandle handle, DWORD rights, bool inheritable) noexcept {
    HANDLE copy = nullptr;
    const HANDLE here = ::GetCurrentProcess();
    const DWORD how = rights == 0 ? DUPLICATE_SAME_ACCESS : 0;
    const bool done =
        ::DuplicateHandle(here, handle, here, &copy, rights, inheritable, how) != FALSE;
    return Handle(done ? copy : no_handle);
}

std::error_code duplicate_into(HANDLE process, NativeHandle handle, HANDLE& there) noexcept {
    const bool done = ::DuplicateHandle(::GetCurrentProcess(), handle, process, &there, 0, FALSE,
                                        DUPLICATE_SAME_ACCESS) != FALSE;
    return done ? std::error_code{} : last_error();
}

void close_there(HANDLE process, HANDLE there) noexcept {
    ::DuplicateHandle(process, there, nullptr, nullptr, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
}

std::wstring path_of_module(HMODULE module) {
    constexpr std::size_t longest = 32768;  // of any path
    std::wstring path(longest, L'\0');
    path.resize(::GetModuleFileNameW(module, path.data(), longest));
    return path;
}

std::wstring utf16_of(std::string_view text) {
    if (text.empty()) return {};
    std::wstring wide;
    const auto convert = [&] {
        return ::MultiByteToWideChar(CP_UTF8, 0, text.data(), static_cast<int>(text.size()),
                                     wide.data(), static_cast<int>(wide.size()));
    };
    wide.resize(static_cast<std::size_t>(convert()));  // without room it returns the size needed
    convert();
    return wide;
}

std::string utf8_of(std::wstring_view text) {
    if (text.empty()) return {};
    std::string narrow;
    const auto convert = [&] {
        return ::WideCharToMultiByte(CP_UTF8, 0, text.data(), static_cast<int>(text.size()),
                                     narrow.data(), static_cast<int>(narrow.size()), nullptr,
                                     nullptr);
    };
    narrow.resize(static_cast<std::size_t>(convert()));
    convert();
    return narrow;
}

}  // namespace procession::inline v0::detail::os
