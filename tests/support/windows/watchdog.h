// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::testing {

/// All processes that this one starts from now on end with it, whatever ends it. After so many
/// seconds (with PROCESSION_SOAK 40 times as many) it shows on stderr where all threads of all of
/// them stand, and ends with status 124.
///
/// Once, at the beginning. For that it starts this same program, as show_stacks_if_asked() expects.
void begin_watchdog(double seconds);

/// First in main. Returns: true when this process was started to show the stacks of others, and has
/// done so.
[[nodiscard]] bool show_stacks_if_asked(int argc, char** argv);

}  // namespace procession::testing
