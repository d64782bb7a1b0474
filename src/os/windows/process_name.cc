// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/process_name.h"

#include "os/windows/api.h"

namespace procession::os {

namespace {

std::uint64_t name_of_process(DWORD number, HANDLE process) noexcept {
    FILETIME created{};
    FILETIME other{};
    if (!::GetProcessTimes(process, &created, &other, &other, &other)) return 0;
    return std::uint64_t{created.dwLowDateTime} << 32 | number;
}

}  // namespace

std::uint64_t own_process_name() noexcept {
    static const std::uint64_t name =
        name_of_process(::GetCurrentProcessId(), ::GetCurrentProcess());
    return name;
}

bool is_process_alive(std::uint64_t name) noexcept {
    if (name == own_process_name()) return true;
    const auto number = static_cast<DWORD>(name);
    const Handle process(
        ::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, number));
    // There is no process of that number. Another error: there is one, of somebody else.
    if (!process.valid()) return ::GetLastError() != ERROR_INVALID_PARAMETER;
    const std::uint64_t found = name_of_process(number, process.get());
    if (found == 0) return true;
    return found == name && ::WaitForSingleObject(process.get(), 0) != WAIT_OBJECT_0;
}

}  // namespace procession::os
