// expect: a lambda with captures hides what it captured
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/process.h"

int main(int argc, char** argv) {
    procession::init(argc, argv);
#ifndef PROCESSION_NOCOMPILE_CONTROL
    procession::Process child(procession::spawn, [argc] { throw procession::SystemExit{argc}; });
#else
    procession::Process child(procession::fork, [argc] { throw procession::SystemExit{argc}; });
#endif
}
