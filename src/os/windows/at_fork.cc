// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/at_fork.h"

// Windows has no fork, so no listener is ever called.

namespace procession::inline v0::detail::os {

void ForkListener::start_listening() noexcept { listening_ = true; }
void ForkListener::stop_listening() noexcept { listening_ = false; }

}  // namespace procession::inline v0::detail::os
