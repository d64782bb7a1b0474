// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/threads.h"

#include "os/windows/api.h"
// After windows.h.
#include <tlhelp32.h>

namespace procession::inline v0::detail::os {

unsigned count_threads() noexcept {
    const Handle all = handle_or_none(::CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0));
    if (!all.valid()) return 0;
    const DWORD own_process = ::GetCurrentProcessId();
    unsigned threads = 0;
    THREADENTRY32 each{};
    each.dwSize = sizeof each;
    for (BOOL more = ::Thread32First(all.get(), &each); more;
         more = ::Thread32Next(all.get(), &each))
        threads += each.th32OwnerProcessID == own_process ? 1 : 0;
    return threads;
}

}  // namespace procession::inline v0::detail::os
