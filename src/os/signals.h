// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

namespace procession::os {

/// The signals that a child can be sent, by the numbers of POSIX, which exit codes show: a child
/// that ended by signal n has exit code -n. (Not from <csignal>, which lacks SIGKILL on Windows.)
inline constexpr int signal_interrupt = 2;
inline constexpr int signal_kill = 9;
inline constexpr int signal_terminate = 15;

/// From now on this thread gets all signals, and so do threads that it starts.
void unblock_signals() noexcept;

/// While it lives, this thread gets no signals, and a thread that it starts never does: they are
/// for the program's own threads.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept;
    ~SignalsBlocked();
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    alignas(8) std::array<std::byte, 128> before_{};  // the system's own form of a mask
};

}  // namespace procession::os
