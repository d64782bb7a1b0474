// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::testing {

/// Shows on stderr where each thread of another process stands, as module+offset of each frame;
/// tools/windows_stacks finds the functions.
void show_stacks_of(unsigned long process);

}  // namespace procession::testing
