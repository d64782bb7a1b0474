// expect: this callable cannot be rebuilt in a spawned process
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/process.h"

struct Increment {
#ifndef PROCESSION_NOCOMPILE_CONTROL
    int& number;
#else
    int number;
#endif
    void operator()() { ++number; }
};

int main(int argc, char** argv) {
    procession::init(argc, argv);
    procession::Process child(procession::spawn, Increment{argc});
}
