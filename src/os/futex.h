// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace procession::inline v0::detail::os {

/// Waiting for a change of a 32-bit word that is shared between processes: futex(2), and the same
/// for Windows.

enum class FutexResult : std::uint8_t {
    woken,  // by futex_wake(), spuriously, or because `word` had another value
    timed_out,
    interrupted,  // a signal handler has run in this thread
};

/// Sleeps while `word` is `expected`, for at most `limit`. May return early for no reason, so the
/// caller must check its condition again.
FutexResult futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                       std::chrono::nanoseconds limit) noexcept;

/// Wakes up to `count` waiters, in all processes. If a woken process is killed, its wake-up is
/// lost, so every waiter must limit its sleep.
void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept;

/// Roughly the time that futex_wait() takes when the caller is woken at once. If a wait is expected
/// to be shorter, polling is cheaper.
[[nodiscard]] std::chrono::nanoseconds cost_of_sleep() noexcept;

/// Tells the processor that the caller polls.
inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#endif
}

/// Lets another thread run, for a caller that polls for the action of a thread that may not be
/// running.
void yield() noexcept;

/// The number of processors. With one, polling is useless.
[[nodiscard]] unsigned processors() noexcept;

}  // namespace procession::inline v0::detail::os
