// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "queue/core.h"

namespace procession::queue {

/// Several participants of one queue in one process: for the kernel a byte lock belongs to an open
/// file description, of which each Core has its own.
struct CoreForTests {
    /// A participant of its own, unknown to the process's registry.
    static std::shared_ptr<Core> attach(os::Handle file) {
        return std::shared_ptr<Core>(new Core(shm::Segment::attach(std::move(file))));
    }
    /// Its process is dead: the destructor frees what is local, and touches the queue no more.
    static void forget(Core& core) {
        core.closed_.store(true);
        core.inside_.store(0);
    }
    static const State& state(const Core& core) { return core.state_; }
};

}  // namespace procession::queue
