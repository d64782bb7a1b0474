// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace procession::inline v0::detail::os {

/// The signals that can be sent to a child, with the numbers of POSIX: a child that signal n killed
/// has exit code -n. (Windows' <csignal> has no SIGKILL.)
inline constexpr int signal_interrupt = 2;
inline constexpr int signal_kill = 9;
inline constexpr int signal_terminate = 15;

/// Unblocks all signals in this thread, and so in the threads that it starts later.
void unblock_signals() noexcept;

/// Makes this process ignore what ends all processes of a command at once: interrupts from the
/// terminal (Ctrl-C), hang-ups, and requests to terminate.
void ignore_terminal_signals() noexcept;

/// Blocks all signals in this thread while it exists. A thread that is started meanwhile keeps them
/// blocked for life: signals are for the program's own threads.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept;
    ~SignalsBlocked();
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    alignas(8) std::array<std::byte, 128> before_{};  // the system's signal mask
};

}  // namespace procession::inline v0::detail::os
