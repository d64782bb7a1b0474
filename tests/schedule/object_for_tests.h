// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "shm/shared_object.h"

namespace procession::inline v0::detail::shm {

/// Several participants of one object in one process: for the kernel a byte lock belongs to an open
/// file description, of which each OpenObject has its own.
struct ObjectForTests {
    /// What close() does with its mapping concerns no other participant: the destructor does it.
    static void keep_memory(OpenObject& object) { object.has_no_memory_.store(true); }
    /// Its process is dead: the destructor frees what is local, and touches the object no more.
    static void forget(OpenObject& object) { object.gate_.fetch_or(kClosed); }
    /// What this process remembers between two calls, where it does not spin and no thread is
    /// inside: beside what the object itself remembers.
    static std::uint64_t memory_of(const SharedObject& object) {
        return (std::uint64_t{object.next_looked_at_.load()} << 32) |
               (std::uint64_t{object.participant_table().slot() & 0xffff} << 8) |
               (object.is_reclaim_due_.load() ? 1U : 0U) | (object.is_closed() ? 2U : 0U);
    }
};

}  // namespace procession::inline v0::detail::shm
