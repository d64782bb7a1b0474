// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace procession::os {

enum class Parked : std::uint8_t {
    woken,  // or not asleep at all
    limit_passed,
    interrupted,  // a signal handler has run on this thread
};

/// Sleeps while `word`, in memory shared between processes, holds `expected`, at most for `limit`.
/// May return early for no reason: the caller looks again.
Parked park(std::atomic<std::uint32_t>& word, std::uint32_t expected,
            std::chrono::nanoseconds limit) noexcept;

/// Wakes up to `count` sleepers of any process. A wake-up may be lost with its dying receiver, so
/// every sleeper bounds its sleep.
void wake(std::atomic<std::uint32_t>& word, int count) noexcept;

/// About what it costs to fall asleep in park() and to be woken at once: a caller that expects to
/// wait no longer than that may as well poll.
[[nodiscard]] std::chrono::nanoseconds cost_of_sleep() noexcept;

/// A hint to the processor that the caller polls.
inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#endif
}

/// Lets another thread run: for a caller that waits for a thread that may not be running.
void yield() noexcept;

/// How many processors are there; spinning makes no sense with one.
[[nodiscard]] unsigned processors() noexcept;

}  // namespace procession::os
