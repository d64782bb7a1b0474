// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"

#include "os/windows/api.h"

// Windows never interrupts a program's own threads: it starts a new thread to report Ctrl-C.

namespace procession::inline v0::detail::os {

void unblock_signals() noexcept {}

void ignore_terminal_signals() noexcept { ::SetConsoleCtrlHandler(nullptr, TRUE); }

SignalsBlocked::SignalsBlocked() noexcept = default;
// Defined here because Linux's is not trivial.
// NOLINTNEXTLINE(modernize-use-equals-default)
SignalsBlocked::~SignalsBlocked() {}

}  // namespace procession::inline v0::detail::os
