// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/windows/stacks.h"

#include <cstdio>
#include <string>

#include "os/windows/api.h"
// After windows.h.
#include <dbghelp.h>
#include <tlhelp32.h>

namespace procession::testing {

using namespace detail;

namespace {

constexpr int kFramesMax = 40;

template <class Found>
void each_thread(DWORD process, Found found) {
    const os::Handle all = os::handle_or_none(::CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0));
    THREADENTRY32 each{};
    each.dwSize = sizeof each;
    for (BOOL more = ::Thread32First(all.get(), &each); more;
         more = ::Thread32Next(all.get(), &each)) {
        if (each.th32OwnerProcessID == process) found(each.th32ThreadID);
    }
}

/// "windows_tests+0x1234"
std::string describe(HANDLE process, DWORD64 address) {
    char text[64];
    IMAGEHLP_MODULE64 module{};
    module.SizeOfStruct = sizeof module;
    if (::SymGetModuleInfo64(process, address, &module)) {
        std::snprintf(text, sizeof text, "+0x%llx", address - module.BaseOfImage);
        return std::string(module.ModuleName) + text;
    }
    std::snprintf(text, sizeof text, "0x%llx", address);
    return text;
}

void show_frames(HANDLE process, HANDLE thread) {
    CONTEXT context{};
    context.ContextFlags = CONTEXT_FULL;
    if (!::GetThreadContext(thread, &context)) {
        std::fprintf(stderr, "    (GetThreadContext: error %lu)\n", ::GetLastError());
        return;
    }
    STACKFRAME64 frame{};
    frame.AddrPC = {context.Rip, 0, AddrModeFlat};
    frame.AddrFrame = {context.Rbp, 0, AddrModeFlat};
    frame.AddrStack = {context.Rsp, 0, AddrModeFlat};
    for (int i = 0; i < kFramesMax; ++i) {
        if (!::StackWalk64(IMAGE_FILE_MACHINE_AMD64, process, thread, &frame, &context, nullptr,
                           ::SymFunctionTableAccess64, ::SymGetModuleBase64, nullptr) ||
            frame.AddrPC.Offset == 0) {
            return;
        }
        // A return address is behind the call, which may be the last instruction of a function.
        const DWORD64 within = frame.AddrPC.Offset - (i == 0 ? 0 : 1);
        std::fprintf(stderr, "    #%d %s\n", i, describe(process, within).c_str());
    }
}

}  // namespace

void show_stacks_of(unsigned long process) {
    std::fprintf(stderr, "\nwatchdog: process %lu\n", process);
    const os::Handle handle(::OpenProcess(
        PROCESS_QUERY_INFORMATION | PROCESS_VM_READ | PROCESS_DUP_HANDLE, FALSE, process));
    // No symbols are asked for: by Wine that sometimes ends in an access violation, and of what
    // mingw-w64 has compiled none are found.
    ::SymSetOptions(SYMOPT_DEFERRED_LOADS);
    if (!handle.valid() || !::SymInitialize(handle.get(), nullptr, TRUE)) {
        std::fprintf(stderr, "  (error %lu)\n", ::GetLastError());
        return;
    }
    each_thread(process, [&](DWORD id) {
        const os::Handle thread(::OpenThread(
            THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION, FALSE, id));
        std::fprintf(stderr, "  thread %lu\n", id);
        if (!thread.valid() || ::SuspendThread(thread.get()) == static_cast<DWORD>(-1)) {
            std::fprintf(stderr, "    (error %lu)\n", ::GetLastError());
            return;
        }
        show_frames(handle.get(), thread.get());
        ::ResumeThread(thread.get());
    });
    ::SymCleanup(handle.get());
}

}  // namespace procession::testing
