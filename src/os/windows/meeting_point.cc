// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/meeting_point.h"

#include "os/windows/api.h"
#include "os/windows/not_yet.h"
// After windows.h.
#include <bcrypt.h>

namespace procession::os {

// Not on Windows yet: handles cannot travel to processes that run already.
std::error_code open_meeting_point(const std::string& /*name*/, Handle& /*made*/) noexcept {
    return not_yet();
}
std::error_code admit(NativeHandle /*meeting_point*/, Handle& /*channel*/) noexcept {
    return not_yet();
}
std::error_code go_to_meeting_point(const std::string& /*name*/, Handle& /*channel*/) noexcept {
    return not_yet();
}

std::error_code fill_randomly(std::span<std::byte> bytes) noexcept {
    const NTSTATUS status =
        ::BCryptGenRandom(nullptr, reinterpret_cast<PUCHAR>(bytes.data()),
                          static_cast<ULONG>(bytes.size()), BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    return status >= 0 ? std::error_code{} : std::make_error_code(std::errc::io_error);
}

bool are_same_object(NativeHandle one, NativeHandle other) noexcept {
    using Compare = BOOL(WINAPI*)(HANDLE, HANDLE);
    // Not in the import library of every toolchain.
    static const auto compare = reinterpret_cast<Compare>(reinterpret_cast<void*>(
        ::GetProcAddress(::GetModuleHandleW(L"kernelbase.dll"), "CompareObjectHandles")));
    return compare != nullptr && compare(one, other) != FALSE;
}

void allow_many_handles() noexcept {}  // 16 million are

void ignore_interrupts() noexcept { ::SetConsoleCtrlHandler(nullptr, TRUE); }

}  // namespace procession::os
