// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shm/block_pool.h"
#include "shm/lock_guard.h"

// The locks of a queue, always taken in the order tail or head, then memory; never tail and head
// together. Nothing waits while the memory lock is held, but the system's memory allocation.

namespace procession::inline v0::detail::queue {

/// The producers'.
struct TailLock {};
/// The consumers'.
struct HeadLock {
    static constexpr bool guards_deaths = true;
};
/// Of the block pool and of the counts of finished items.
using MemoryLock = shm::PoolLock;

using HoldsTail = shm::Holds<TailLock>;
using HoldsHead = shm::Holds<HeadLock>;
using HoldsMemory = shm::Holds<MemoryLock>;

}  // namespace procession::inline v0::detail::queue
