// expect: this lease is a temporary: it ends with this expression, and its item is given back
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/joinable_queue.h"

int work(const procession::JoinableQueue<int>& queue) {
#ifndef PROCESSION_NOCOMPILE_CONTROL
    return *queue.get();
#else
    auto lease = queue.get();
    return *lease;
#endif
}
