// expect: this callable cannot be rebuilt in a spawned process
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/process.h"

int main(int argc, char** argv) {
    procession::init(argc, argv);
#ifndef PROCESSION_NOCOMPILE_CONTROL
    const procession::StartMethod method = procession::StartMethod::fork;
#else
    const procession::fork_t method = procession::fork;
#endif
    procession::Process child(method, [argc] { throw procession::SystemExit{argc}; });
}
