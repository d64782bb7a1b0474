// expect: nodiscard
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/queue.h"

#pragma GCC diagnostic error "-Wunused-result"

bool send(const procession::Queue<int>& queue) {
#ifndef PROCESSION_NOCOMPILE_CONTROL
    queue.try_put(1);
    return true;
#else
    return queue.try_put(1).has_value();
#endif
}
