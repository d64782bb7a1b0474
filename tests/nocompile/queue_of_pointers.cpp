// expect: a pointer means nothing in another process
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/queue.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
using Element = int*;
#else
using Element = int;
#endif

void send(Element element) {
    const procession::Queue<Element> queue;
    queue.put(element);
}
