// expect: nodiscard
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/queue.h"

#pragma GCC diagnostic error "-Wunused-result"

int receive(const procession::Queue<int>& queue) {
#ifndef PROCESSION_NOCOMPILE_CONTROL
    queue.get();
    return 0;
#else
    return queue.get();
#endif
}
