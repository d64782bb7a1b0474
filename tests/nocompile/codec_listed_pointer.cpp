// expect: a pointer means nothing in another process
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/queue.h"

class Job {
  public:
#ifndef PROCESSION_NOCOMPILE_CONTROL
    PROCESSION_FIELDS(Job, number_, pointer_)
#else
    PROCESSION_FIELDS(Job, number_)
#endif

  private:
    int number_ = 0;
    int* pointer_ = nullptr;
};

void send(const Job& job) {
    const procession::Queue<Job> queue;
    queue.put(job);
}
