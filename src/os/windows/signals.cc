// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"

// Windows delivers nothing on the threads of a program: a console's Ctrl-C comes on a thread of its
// own.

namespace procession::os {

void unblock_signals() noexcept {}

SignalsBlocked::SignalsBlocked() noexcept = default;
// Elsewhere it is not trivial.
// NOLINTNEXTLINE(modernize-use-equals-default)
SignalsBlocked::~SignalsBlocked() {}

}  // namespace procession::os
