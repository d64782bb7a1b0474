// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "peers/peers.h"

#include "peers/posix_queue.h"
#include "python.h"

namespace procession::bench {

Contestants make_peers(const Case& which) {
    Contestants all;
    for (const auto make : {make_boost, make_ring, make_bare_ring, make_posix, make_pipe,
                            make_seqpacket, make_zeromq}) {
        if (auto peer = make(which)) all.push_back(std::move(peer));
    }
    return all;
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
