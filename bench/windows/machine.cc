// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include "os/futex.h"
#include "os/windows/api.h"

namespace procession::bench {

using namespace detail;

namespace {

template <class Function>
Function* function_of_ntdll(const char* name) {
    const FARPROC found = ::GetProcAddress(::GetModuleHandleW(L"ntdll.dll"), name);
    return reinterpret_cast<Function*>(reinterpret_cast<void*>(found));
}

/// "Wine 8.0 on Linux 6.1"; of Windows "Windows 10.0.19041".
std::string system_name() {
    if (const auto wine = function_of_ntdll<const char*()>("wine_get_version")) {
        const char* host = "";
        const char* release = "";
        if (const auto about =
                function_of_ntdll<void(const char**, const char**)>("wine_get_host_version"))
            about(&host, &release);
        return std::string("Wine ") + wine() + " on " + host + ' ' + release;
    }
    OSVERSIONINFOW about{};
    about.dwOSVersionInfoSize = sizeof about;
    const auto tell = function_of_ntdll<LONG WINAPI(OSVERSIONINFOW*)>("RtlGetVersion");
    if (tell == nullptr || tell(&about) != 0) return "Windows";
    return "Windows " + std::to_string(about.dwMajorVersion) + '.' +
           std::to_string(about.dwMinorVersion) + '.' + std::to_string(about.dwBuildNumber);
}

}  // namespace

std::string machine() { return std::to_string(os::processors()) + " cpus, " + system_name(); }

bool is_seen_at_once() {
    DWORD mode = 0;
    return ::GetConsoleMode(::GetStdHandle(STD_ERROR_HANDLE), &mode) != FALSE;
}

}  // namespace procession::bench
