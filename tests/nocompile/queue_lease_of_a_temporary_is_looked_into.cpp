// expect: this lease is a temporary: it ends with this expression, and its item is given back
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/joinable_queue.h"

std::size_t work(const procession::JoinableQueue<std::string>& queue) {
#ifndef PROCESSION_NOCOMPILE_CONTROL
    return queue.get()->size();
#else
    return queue.get().detach().size();
#endif
}
