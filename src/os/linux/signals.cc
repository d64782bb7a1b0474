// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"

#include "os/linux/calls.h"

namespace procession::os {

SignalsBlocked::SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    calls::change_signal_mask(SIG_SETMASK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked() { calls::change_signal_mask(SIG_SETMASK, &before_, nullptr); }

}  // namespace procession::os
