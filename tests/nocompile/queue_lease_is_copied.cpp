// expect: use of deleted function
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/joinable_queue.h"

void work(const procession::JoinableQueue<int>& queue) {
    auto lease = queue.get();
#ifndef PROCESSION_NOCOMPILE_CONTROL
    auto copy = lease;
#else
    auto copy = std::move(lease);
#endif
    copy.done();
}
