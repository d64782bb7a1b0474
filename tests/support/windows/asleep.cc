// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/asleep.h"

#include <chrono>

#include "os/windows/api.h"

namespace procession::testing {

using namespace detail;

namespace {

std::uint64_t time_used_by(HANDLE thread) {
    FILETIME made{};
    FILETIME ended{};
    FILETIME kernel{};
    FILETIME user{};
    ::GetThreadTimes(thread, &made, &ended, &kernel, &user);
    return (std::uint64_t{kernel.dwHighDateTime} << 32 | kernel.dwLowDateTime) +
           (std::uint64_t{user.dwHighDateTime} << 32 | user.dwLowDateTime);
}

}  // namespace

// Windows does not tell in what a thread waits: it is taken for asleep when it has used no time of
// a processor for a while.
void until_asleep(pid_t /*process*/, pid_t thread) {
    const os::Handle handle(
        ::OpenThread(THREAD_QUERY_INFORMATION | SYNCHRONIZE, FALSE, static_cast<DWORD>(thread)));
    if (!handle.valid()) return;
    std::uint64_t before = ~std::uint64_t{0};
    for (int quiet = 0; quiet < 3;) {
        if (::WaitForSingleObject(handle.get(), 10) == WAIT_OBJECT_0) return;
        const std::uint64_t now = time_used_by(handle.get());
        quiet = now == before ? quiet + 1 : 0;
        before = now;
    }
}

pid_t this_thread() { return static_cast<pid_t>(::GetCurrentThreadId()); }
pid_t this_process() { return static_cast<pid_t>(::GetCurrentProcessId()); }

}  // namespace procession::testing
