// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "versions.h"

#include <gnu/libc-version.h>

#include "python.h"

#ifdef PROCESSION_BENCH_HAS_BOOST
#include <boost/version.hpp>
#endif
#ifdef PROCESSION_BENCH_HAS_ZEROMQ
#include <zmq.h>
#endif

namespace procession::bench {

std::string versions() {
    std::string text = "g++ " __VERSION__ ", glibc " + std::string(::gnu_get_libc_version());
#ifdef PROCESSION_BENCH_HAS_BOOST
    text += ", Boost " + std::to_string(BOOST_VERSION / 100000) + "." +
            std::to_string(BOOST_VERSION / 100 % 1000);
#endif
#ifdef PROCESSION_BENCH_HAS_ZEROMQ
    text += ", ZeroMQ " + std::to_string(ZMQ_VERSION_MAJOR) + "." +
            std::to_string(ZMQ_VERSION_MINOR) + "." + std::to_string(ZMQ_VERSION_PATCH);
#endif
    const std::string python = python_version();
    if (!python.empty()) text += ", " + python;
    return text;
}

}  // namespace procession::bench
