// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"

// Windows delivers nothing on the threads of a program: a console's Ctrl-C comes on a thread of its
// own.

namespace procession::os {

SignalsBlocked::SignalsBlocked() noexcept = default;
SignalsBlocked::~SignalsBlocked() = default;

}  // namespace procession::os
