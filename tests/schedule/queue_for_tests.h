// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "queue/shared_queue.h"
#include "schedule/object_for_tests.h"

namespace procession::inline v0::detail::queue {

/// See shm::ObjectForTests.
struct QueueForTests {
    /// A participant of its own, unknown to the process's table of objects.
    static std::shared_ptr<SharedQueue> attach(os::Handle file) {
        const std::shared_ptr<SharedQueue> queue(
            new SharedQueue(shm::Segment::attach(std::move(file))));
        shm::ObjectForTests::keep_memory(*queue);
        return queue;
    }
    /// Beside its open leases.
    static std::uint64_t memory_of(const SharedQueue& queue) {
        return shm::ObjectForTests::memory_of(queue) |
               (queue.memory_.pool.has_memory(0, 1) ? 4U : 0U);
    }
    /// As after its first calls: it need not ask the system how much memory there is.
    static void learn_the_memory(const SharedQueue& queue) {
        queue.memory_.pool.require_memory(0, 1);
    }
};

}  // namespace procession::inline v0::detail::queue
