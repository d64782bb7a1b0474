// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "queue/shared_queue.h"

namespace procession::queue {

/// Several participants of one queue in one process: for the kernel a byte lock belongs to an open
/// file description, of which each SharedQueue has its own.
struct QueueForTests {
    /// A participant of its own, unknown to the process's table of objects.
    static std::shared_ptr<SharedQueue> attach(os::Handle file) {
        const std::shared_ptr<SharedQueue> queue(
            new SharedQueue(shm::Segment::attach(std::move(file))));
        keep_memory(*queue);
        return queue;
    }
    /// What close() does with its mapping concerns no other participant: the destructor does it.
    static void keep_memory(shm::OpenObject& object) { object.has_no_memory_.store(true); }
    /// Its process is dead: the destructor frees what is local, and touches the queue no more.
    static void forget(shm::OpenObject& object) { object.gate_.fetch_or(shm::kClosed); }
    /// What this process remembers between two calls, where it does not spin and no thread is
    /// inside: beside its open leases.
    static std::uint64_t memory_of(const SharedQueue& queue) {
        return memory_of_object(queue) | (queue.memory_.pool.has_memory(0, 1) ? 4U : 0U);
    }
    static std::uint64_t memory_of_object(const shm::SharedObject& object) {
        return (std::uint64_t{object.next_looked_at_.load()} << 32) |
               (std::uint64_t{object.participant_table().slot() & 0xffff} << 8) |
               (object.is_reclaim_due_.load() ? 1U : 0U) | (object.is_closed() ? 2U : 0U);
    }
    /// As after its first calls: it need not ask the system how much memory there is.
    static void learn_the_memory(const SharedQueue& queue) {
        queue.memory_.pool.require_memory(0, 1);
    }
};

}  // namespace procession::queue
