// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/futex.h"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t),
              "a futex word is a plain 32-bit word");

FutexResult futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                       std::chrono::nanoseconds limit) noexcept {
    const auto nanoseconds = std::max<std::int64_t>(limit.count(), 0);
    timespec timeout{};
    timeout.tv_sec = nanoseconds / 1'000'000'000;
    timeout.tv_nsec = nanoseconds % 1'000'000'000;
    // Not FUTEX_PRIVATE: the word is shared between processes. FUTEX_WAIT measures its relative
    // timeout on CLOCK_MONOTONIC (futex(2)).
    const long result = calls::futex_wait(&word, expected, &timeout);
    if (result == 0) return FutexResult::woken;
    if (errno == ETIMEDOUT) return FutexResult::timed_out;
    return errno == EINTR ? FutexResult::interrupted : FutexResult::woken;
}

void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept {
    calls::futex_wake(&word, count);
}

// The time of two system calls and of an interrupt to another processor.
std::chrono::nanoseconds cost_of_sleep() noexcept { return std::chrono::microseconds(10); }

void yield() noexcept { calls::sched_yield(); }

unsigned processors() noexcept {
    // Not the processors that this process may use: a process that is bound to one processor may
    // wait for a process that is bound to another.
    return static_cast<unsigned>(std::max(1L, calls::sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace procession::inline v0::detail::os
