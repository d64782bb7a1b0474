// expect: no matching function
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/queue.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
const procession::Queue<int> queue('c');
#else
const procession::Queue<int> queue(99);
#endif
