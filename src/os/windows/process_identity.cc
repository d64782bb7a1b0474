// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/process_identity.h"

#include <atomic>

#include "base/process_singleton.h"
#include "os/windows/handle_cache.h"
#include "os/windows/mapped_heads.h"

namespace procession::inline v0::detail::os {

namespace {

std::uint64_t identity_of(DWORD process_id, HANDLE process) noexcept {
    FILETIME created{};
    FILETIME other{};
    if (!::GetProcessTimes(process, &created, &other, &other, &other)) return 0;
    return std::uint64_t{created.dwLowDateTime} << 32 | process_id;
}

bool has_ended(HANDLE process) noexcept {
    return ::WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
}

/// Like has_ended(), but cheap on Wine, where a wait that times out at once yields the processor.
/// An end with exit code 259 (STILL_ACTIVE) is noticed only after several calls.
bool seems_to_have_ended(HANDLE process) noexcept {
    DWORD code = 0;
    if (!::GetExitCodeProcess(process, &code) || code != STILL_ACTIVE) return has_ended(process);
    // One call in 16 checks, for each process, even if several processes are asked about in turn.
    // relaxed: only a counter
    static constinit std::atomic<std::uint32_t> calls{0};
    const std::uint32_t call = calls.fetch_add(1, std::memory_order_relaxed);
    return call * 0x9e3779b9U >> 28 == 0 && has_ended(process);
}

/// While there is a handle to a process, the system does not reuse its id.
struct LiveProcess {
    std::uint64_t key = 0;  // the identity of the process
    Handle process;
};

/// Has room for as many processes as usually take part in the queues of one process; others are
/// opened each time. A singleton, because threads may use it while the process ends.
using ProcessCache = HandleCache<LiveProcess, 128>;
ProcessCache& cache() noexcept { return base::ProcessSingleton<ProcessCache>::instance(); }

}  // namespace

std::uint64_t own_process_identity() noexcept {
    static const std::uint64_t identity =
        identity_of(::GetCurrentProcessId(), ::GetCurrentProcess());
    return identity;
}

bool is_process_alive(std::uint64_t identity) noexcept {
    if (identity == own_process_identity()) return true;
    // On Wine, to open a process and compare its creation time takes twenty times as long as this.
    if (const auto ended = cache().with(identity, [](const LiveProcess& each) {
            return seems_to_have_ended(each.process.get());
        })) {
        if (*ended) cache().remove(identity);
        return !*ended;
    }
    const auto process_id = static_cast<DWORD>(identity);
    LiveProcess fresh{
        identity,
        Handle(::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, process_id))};
    // INVALID_PARAMETER: there is no process with this id. Otherwise there is one, of another user.
    if (!fresh.process.valid()) return ::GetLastError() != ERROR_INVALID_PARAMETER;
    const std::uint64_t found = identity_of(process_id, fresh.process.get());
    if (found == 0) return true;
    if (found != identity || has_ended(fresh.process.get())) return false;
    if (is_any_mapped()) cache().add(fresh);  // the last Mapping empties the cache
    return true;
}

void close_cached_processes() noexcept { cache().clear(); }

}  // namespace procession::inline v0::detail::os
