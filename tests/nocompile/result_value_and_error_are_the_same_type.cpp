// expect: the value and the error of a Result must be of different types
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/result.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
using Error = int;
#else
using Error = char;
#endif

int main() { return procession::Result<int, Error>(1).has_value() ? 0 : 1; }
