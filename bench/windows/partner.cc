// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "windows/partner.h"

#include <array>
#include <cstdio>
#include <stdexcept>

#include "os/windows/api.h"
#include "windows/kernel_objects.h"

namespace procession::bench {

namespace {

std::array<char, 128> doing{};

void CALLBACK give_up(PTP_CALLBACK_INSTANCE, void*, PTP_TIMER) {
    std::fprintf(stderr, "no progress for a minute, giving up at: %s\n", doing.data());
    std::fflush(stderr);
    ::TerminateProcess(::GetCurrentProcess(), 124);
}

}  // namespace

const char* show(Cpus cpus) { return cpus == Cpus::one ? "one cpu" : "free"; }

Stay::Stay(Cpus cpus) {
    if (cpus == Cpus::any) return;
    DWORD_PTR mine = 0;
    DWORD_PTR all = 0;
    const HANDLE here = ::GetCurrentProcess();
    require(::GetProcessAffinityMask(here, &mine, &all), "GetProcessAffinityMask");
    require(::SetProcessAffinityMask(here, mine & (~mine + 1)), "SetProcessAffinityMask");
    before_ = mine;
}

Stay::~Stay() {
    if (before_ != 0) ::SetProcessAffinityMask(::GetCurrentProcess(), before_);
}

void Start::pass() const {
    set_event(ready);
    wait_for_event(go);
}

Start Partner::new_start(Cpus cpus) { return {new_event(), new_event(), cpus}; }

void Partner::wait_until_ready() {
    const std::array<HANDLE, 2> either{start_.ready.get(), process_.sentinel()};
    const DWORD which = ::WaitForMultipleObjects(either.size(), either.data(), FALSE, INFINITE);
    require(which == WAIT_OBJECT_0 || which == WAIT_OBJECT_0 + 1, "WaitForMultipleObjects");
    if (which == WAIT_OBJECT_0) return;
    join();
    throw std::runtime_error(process_.name() + " ended before it began");
}

Clock::time_point Partner::go() {
    const auto begin = Clock::now();
    set_event(start_.go);
    return begin;
}

void Partner::join() {
    process_.join();
    const int code = process_.exit_code().value_or(-1);
    if (code == 0) return;
    throw std::runtime_error(process_.name() + " failed with exit code " + std::to_string(code));
}

void expect_progress(const std::string& name) {
    static const PTP_TIMER timer = ::CreateThreadpoolTimer(give_up, nullptr, nullptr);
    require(timer != nullptr, "CreateThreadpoolTimer");
    ::SetThreadpoolTimer(timer, nullptr, 0, 0);
    doing.fill('\0');
    name.copy(doing.data(), doing.size() - 1);
    constexpr LONGLONG minute = 60 * 10'000'000LL;
    ULARGE_INTEGER from_now{};
    from_now.QuadPart = static_cast<ULONGLONG>(-minute);
    FILETIME due{from_now.LowPart, from_now.HighPart};
    ::SetThreadpoolTimer(timer, &due, 0, 0);
}

}  // namespace procession::bench
