// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "process/run_keeper.h"

// The keeper of Python programs. It is started by the native module alone, which contains it.
int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "procession-keeper: it is started by programs that need it\n");
        return 2;
    }
    procession::process::run_keeper(argv[1]);
}
