// expect: nodiscard
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/joinable_queue.h"

#pragma GCC diagnostic error "-Wunused-result"

void work(const procession::JoinableQueue<int>& queue) {
#ifndef PROCESSION_NOCOMPILE_CONTROL
    queue.get();
#else
    queue.get().done();
#endif
}
