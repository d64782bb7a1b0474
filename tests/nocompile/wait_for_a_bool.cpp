// expect: no matching function
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/wait.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
auto ready() { return procession::wait({7, true}); }
#else
auto ready() { return procession::wait({7, 8}); }
#endif
