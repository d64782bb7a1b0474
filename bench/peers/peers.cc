// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "peers/peers.h"

#include <gnu/libc-version.h>

#include "peers/posix_queue.h"
#include "python.h"

#ifdef PROCESSION_BENCH_HAS_BOOST
#include <boost/version.hpp>
#endif
#ifdef PROCESSION_BENCH_HAS_ZEROMQ
#include <zmq.h>
#endif

namespace procession::bench {

Contestants make_peers(const Case& which) {
    Contestants all;
    for (const auto make : {make_boost, make_ring, make_bare_ring, make_posix, make_pipe,
                            make_seqpacket, make_zeromq}) {
        if (auto peer = make(which)) all.push_back(std::move(peer));
    }
    return all;
}

std::string versions() {
    std::string text = "g++ " __VERSION__ ", glibc " + std::string(::gnu_get_libc_version());
#ifdef PROCESSION_BENCH_HAS_BOOST
    text += ", Boost " + std::to_string(BOOST_VERSION / 100000) + "." +
            std::to_string(BOOST_VERSION / 100 % 1000);
#endif
#ifdef PROCESSION_BENCH_HAS_ZEROMQ
    int major = 0;
    int minor = 0;
    int patch = 0;
    ::zmq_version(&major, &minor, &patch);
    text += ", ZeroMQ " + std::to_string(major) + "." + std::to_string(minor) + "." +
            std::to_string(patch);
#endif
    const std::string python = python_version();
    if (!python.empty()) text += ", " + python;
    return text;
}

std::string missing_peers() {
    std::string text;
#ifndef PROCESSION_BENCH_HAS_BOOST
    text += "Boost.Interprocess was not found (Debian package libboost-dev), so it is left out.\n";
#endif
#ifndef PROCESSION_BENCH_HAS_ZEROMQ
    text += "ZeroMQ was not found (Debian package libzmq3-dev), so it is left out.\n";
#endif
    if (python_version().empty()) {
        text += "There is no /usr/bin/python3 (Debian package python3): its queues are left out.\n";
    }
    if (const std::error_code failed = PosixQueue::why_not()) {
        text += "POSIX message queues are left out: " + failed.message() + ".\n";
    }
    return text;
}

}  // namespace procession::bench
