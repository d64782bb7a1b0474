// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// Windows 10 and newer.
#define WIN32_LEAN_AND_MEAN
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// The POSIX error that corresponds to an error of Windows, if there is one; otherwise that error.
[[nodiscard]] std::error_code error_of(DWORD error) noexcept;
/// The error of the last call that failed on this thread.
[[nodiscard]] inline std::error_code last_error() noexcept { return error_of(::GetLastError()); }

/// For calls that return INVALID_HANDLE_VALUE when they fail.
[[nodiscard]] inline Handle handle_or_none(HANDLE made) noexcept {
    return Handle(made == INVALID_HANDLE_VALUE ? no_handle : made);
}

/// Another handle of this process to the same object, with `rights`; 0 means the same rights.
/// Returns: an invalid handle on failure; see last_error().
[[nodiscard]] Handle duplicate_here(NativeHandle handle, DWORD rights, bool inheritable) noexcept;

/// Creates in another process, which was opened with PROCESS_DUP_HANDLE, a handle to the same
/// object with the same rights, not inheritable. `there` is its number in that process.
[[nodiscard]] std::error_code duplicate_into(HANDLE process, NativeHandle handle,
                                             HANDLE& there) noexcept;

/// Closes a handle that duplicate_into() created in another process.
void close_there(HANDLE process, HANDLE there) noexcept;

/// The path of a loaded image; nullptr means the program.
[[nodiscard]] std::wstring path_of_module(HMODULE module);

/// send_signal(n) ends a process with this exit code plus n. Programs do not use such codes.
inline constexpr DWORD exit_code_of_signals = 0x50520000;
inline constexpr DWORD exit_code_signal_mask = 0xff;

/// A timeout for WaitForSingleObject and the like. Rounded up, so that no thread wakes too early.
[[nodiscard]] inline DWORD milliseconds_of(std::chrono::nanoseconds limit) noexcept {
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
    // Longer waits may end early, since the caller checks its deadline again. Never INFINITE.
    constexpr std::int64_t day = 24LL * 60 * 60 * 1000;
    return static_cast<DWORD>(std::clamp<std::int64_t>(whole, 0, day));
}

/// The low and the high half of a size.
[[nodiscard]] inline DWORD low_of(std::uint64_t number) noexcept {
    return static_cast<DWORD>(number);
}
[[nodiscard]] inline DWORD high_of(std::uint64_t number) noexcept {
    return static_cast<DWORD>(number >> 32);
}

/// Converts text between UTF-8 and the UTF-16 of Windows. Invalid text becomes U+FFFD.
[[nodiscard]] std::wstring utf16_of(std::string_view text);
[[nodiscard]] std::string utf8_of(std::wstring_view text);

}  // namespace procession::inline v0::detail::os
