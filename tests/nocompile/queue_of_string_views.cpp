// expect: Use std::string instead of std::string_view
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/joinable_queue.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
using Element = std::string_view;
#else
using Element = std::string;
#endif

void send(const Element& element) {
    const procession::JoinableQueue<Element> queue;
    queue.put(element);
}
