// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <procession/procession.h>

#include <cstdint>

namespace webcrew {

/// A request has arrived on this connection.
struct Call {
    std::uint64_t number = 0;  // of the connection
    std::uint64_t turn = 0;    // the how manieth request on it
    procession::Handle connection;
};

/// The call has been answered, or its client has gone.
struct Answer {
    std::uint64_t number = 0;
    std::uint64_t turn = 0;
    bool keeps_open = false;
};

/// What the desk and the workers share. Each worker is started with it, and runs it.
struct Crew {
    procession::JoinableQueue<Call> calls;
    procession::Queue<Answer> answers;

    void operator()();
};

}  // namespace webcrew
