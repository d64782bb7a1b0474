// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/process_name.h"

#include <atomic>
#include <cstddef>
#include <new>

#include "os/windows/known.h"
#include "os/windows/mapped_heads.h"

namespace procession::os {

namespace {

std::uint64_t name_of(DWORD number, HANDLE process) noexcept {
    FILETIME created{};
    FILETIME other{};
    if (!::GetProcessTimes(process, &created, &other, &other, &other)) return 0;
    return std::uint64_t{created.dwLowDateTime} << 32 | number;
}

bool has_ended(HANDLE process) noexcept {
    return ::WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
}

/// has_ended(), but an end with the code 259 (STILL_ACTIVE) is noticed after some looks only: with
/// Wine, a wait whose time is up gives the processor away, and a look must not cost that.
bool seems_to_have_ended(HANDLE process) noexcept {
    DWORD code = 0;
    if (!::GetExitCodeProcess(process, &code) || code != STILL_ACTIVE) return has_ended(process);
    // One in 16, spread evenly however many are looked at in turn. relaxed: a counter, no more.
    static constinit std::atomic<std::uint32_t> looks{0};
    const std::uint32_t look = looks.fetch_add(1, std::memory_order_relaxed);
    return look * 0x9e3779b9U >> 28 == 0 && has_ended(process);
}

/// As long as there is a handle, it leads to this process, and its number is not given out again.
struct Alive {
    std::uint64_t name = 0;
    Handle process;
};

/// As many as usually take part in the queues of one process; the others are opened each time.
/// Never destroyed: threads may ask while the process ends.
Known<Alive, 128>& known() noexcept {
    alignas(Known<Alive, 128>) static std::byte space[sizeof(Known<Alive, 128>)];
    static auto& all = *new (space) Known<Alive, 128>;
    return all;
}

}  // namespace

std::uint64_t own_process_name() noexcept {
    static const std::uint64_t name = name_of(::GetCurrentProcessId(), ::GetCurrentProcess());
    return name;
}

bool process_lives(std::uint64_t name) noexcept {
    if (name == own_process_name()) return true;
    // With Wine, to open a process and to compare its time costs twenty times as much as this look.
    if (const auto ended = known().with(
            name, [](const Alive& each) { return seems_to_have_ended(each.process.get()); })) {
        if (*ended) known().drop(name);
        return !*ended;
    }
    const auto number = static_cast<DWORD>(name);
    Alive fresh{name, Handle(::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE,
                                           number))};
    // INVALID_PARAMETER: there is no process of that number. Else there is one, of another user.
    if (!fresh.process.valid()) return ::GetLastError() != ERROR_INVALID_PARAMETER;
    const std::uint64_t found = name_of(number, fresh.process.get());
    if (found == 0) return true;
    if (found != name || has_ended(fresh.process.get())) return false;
    if (is_any_mapped()) known().keep(fresh);  // until nothing is
    return true;
}

void let_go_of_processes() noexcept { known().drop_all(); }

}  // namespace procession::os
