// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>

#include "procession/log.h"
#include "transfer/broker.h"

// The broker of Python programs. It is started by the native module alone, which contains it.
int main(int argc, char** argv) {
    const auto argument = procession::detail::helper::role_argument(argc == 2 ? argv[1] : "");
    if (!argument) {
        std::fprintf(stderr, "procession-broker: it is started by programs that need it\n");
        return 2;
    }
    // The program that it serves handles its own log; the broker has only stderr.
    // NOLINTNEXTLINE(concurrency-mt-unsafe)  one thread
    if (std::getenv("PROCESSION_LOG") == nullptr) {
        procession::set_log_level(procession::LogLevel::off);
    }
    procession::detail::transfer::run_broker(argument->descriptor);
}
