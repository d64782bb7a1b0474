// expect: a pointer means nothing in another process
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/process.h"

void increment(int* number) { ++*number; }
void show(int) {}

int main(int argc, char** argv) {
    procession::init(argc, argv);
#ifndef PROCESSION_NOCOMPILE_CONTROL
    procession::Process child(procession::spawn, increment, &argc);
#else
    procession::Process child(procession::spawn, show, argc);
#endif
}
