// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"

#include <csignal>
#include <cstring>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

static_assert(signal_interrupt == SIGINT && signal_kill == SIGKILL && signal_terminate == SIGTERM);

void unblock_signals() noexcept {
    sigset_t none;
    sigemptyset(&none);
    calls::change_signal_mask(SIG_SETMASK, &none, nullptr);
}

void ignore_terminal_signals() noexcept {
    for (const int number : {SIGINT, SIGQUIT, SIGHUP, SIGTERM}) calls::ignore_signal(number);
}

SignalsBlocked::SignalsBlocked() noexcept {
    static_assert(sizeof(sigset_t) <= sizeof before_);
    sigset_t all;
    sigfillset(&all);
    sigset_t before;
    calls::change_signal_mask(SIG_SETMASK, &all, &before);
    std::memcpy(before_.data(), &before, sizeof before);
}

SignalsBlocked::~SignalsBlocked() {
    sigset_t before;
    std::memcpy(&before, before_.data(), sizeof before);
    calls::change_signal_mask(SIG_SETMASK, &before, nullptr);
}

}  // namespace procession::inline v0::detail::os
