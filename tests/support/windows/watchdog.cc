// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/windows/watchdog.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "os/windows/api.h"
#include "support/long_tests.h"
#include "support/windows/stacks.h"

namespace procession::testing {

using namespace detail;

namespace {

constexpr std::string_view kShowStacks = "--show-stacks";
constexpr double kSoakFactor = 40;
constexpr UINT kTimedOut = 124;
constexpr DWORD kViewerMillisecondsMax = 60'000;

// Set once, before the timer that reads them.
HANDLE job = nullptr;
double limit = 0;

/// This process and those that it has started, and they.
std::vector<ULONG_PTR> all_in_job() {
    constexpr std::size_t most = 256;
    alignas(JOBOBJECT_BASIC_PROCESS_ID_LIST)
        std::array<std::byte, sizeof(JOBOBJECT_BASIC_PROCESS_ID_LIST) + most * sizeof(ULONG_PTR)>
            space{};
    if (!::QueryInformationJobObject(job, JobObjectBasicProcessIdList, space.data(),
                                     static_cast<DWORD>(space.size()), nullptr)) {
        return {::GetCurrentProcessId()};
    }
    const auto& list = *reinterpret_cast<const JOBOBJECT_BASIC_PROCESS_ID_LIST*>(space.data());
    return {list.ProcessIdList, list.ProcessIdList + list.NumberOfProcessIdsInList};
}

/// By a process of its own: a thread that is stopped for a look at its stack may hold what this one
/// would need.
void show_all() {
    const std::wstring program = os::path_of_module(nullptr);
    std::wstring line = L"\"" + program + L"\" " + os::utf16_of(kShowStacks);
    for (const ULONG_PTR each : all_in_job()) line += L' ' + std::to_wstring(each);
    STARTUPINFOW start{};
    start.cb = sizeof start;
    PROCESS_INFORMATION made{};
    if (!::CreateProcessW(program.c_str(), line.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr,
                          &start, &made)) {
        std::fprintf(stderr, "watchdog: cannot show the stacks: error %lu\n", ::GetLastError());
        return;
    }
    ::WaitForSingleObject(made.hProcess, kViewerMillisecondsMax);
}

void CALLBACK give_up(PTP_CALLBACK_INSTANCE, void*, PTP_TIMER) {
    std::fprintf(stderr, "\nwatchdog: not done after %g seconds:\n", limit);
    std::fflush(stderr);
    show_all();
    ::TerminateProcess(::GetCurrentProcess(), kTimedOut);  // and with it the job
}

}  // namespace

void begin_watchdog(double seconds) {
    job = ::CreateJobObjectW(nullptr, nullptr);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    ::SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    ::AssignProcessToJobObject(job, ::GetCurrentProcess());

    limit = seconds * (is_soak() ? kSoakFactor : 1);
    const PTP_TIMER timer = ::CreateThreadpoolTimer(give_up, nullptr, nullptr);
    if (timer == nullptr) return;
    ULARGE_INTEGER from_now{};
    from_now.QuadPart = static_cast<ULONGLONG>(-static_cast<LONGLONG>(limit * 1e7));
    FILETIME due{from_now.LowPart, from_now.HighPart};
    ::SetThreadpoolTimer(timer, &due, 0, 0);
}

bool show_stacks_if_asked(int argc, char** argv) {
    if (argc < 2 || argv[1] != kShowStacks) return false;
    for (int i = 2; i < argc; ++i) show_stacks_of(std::strtoul(argv[i], nullptr, 10));
    return true;
}

}  // namespace procession::testing
