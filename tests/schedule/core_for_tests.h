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
        const std::shared_ptr<Core> core(new Core(shm::Segment::attach(std::move(file))));
        keep_memory(*core);
        return core;
    }
    /// What close() does with its mapping concerns no other participant: the destructor does it.
    static void keep_memory(Core& core) { core.has_no_memory_.store(true); }
    /// Its process is dead: the destructor frees what is local, and touches the queue no more.
    static void forget(Core& core) { core.gate_.fetch_or(kClosed); }
    /// What this process remembers between two calls, where it does not spin and no thread is
    /// inside: beside its open leases.
    static std::uint64_t memory_of(const Core& core) {
        return (std::uint64_t{core.nap_cursor_.load()} << 32) |
               (std::uint64_t{core.participants_.slot() & 0xffff} << 8) |
               (core.sweep_due_.load() ? 1U : 0U) | (core.is_closed() ? 2U : 0U) |
               (core.pool_.has_memory(0, 1) ? 4U : 0U);
    }
    /// As after its first calls: it need not ask the system how much memory there is.
    static void learn_the_memory(const Core& core) { core.pool_.require_memory(0, 1); }
    static const State& state(const Core& core) { return core.state_; }
};

}  // namespace procession::queue
