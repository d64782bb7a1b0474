// expect: the callable does not take these arguments
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/process.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
void increment(int& number) { ++number; }
#else
void increment(int number) { ++number; }
#endif

int main(int argc, char** argv) {
    procession::init(argc, argv);
    procession::Process child(procession::spawn, increment, argc);
}
