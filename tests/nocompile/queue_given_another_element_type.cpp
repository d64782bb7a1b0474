// expect: cannot convert
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/queue.h"

struct Job {
    std::string path;
};

void send(const procession::Queue<Job>& queue) {
#ifndef PROCESSION_NOCOMPILE_CONTROL
    queue.put(5);
#else
    queue.put({"path"});
#endif
}
