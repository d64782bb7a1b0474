// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace procession::os {

/// A full memory barrier for a caller that has made a sequentially consistent read-modify-write
/// since its last store: on x86 that was one already, and only the compiler has to keep the order.
/// Elsewhere a store before the read-modify-write may still become visible after a load behind it.
inline void fence_after_rmw() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    std::atomic_signal_fence(std::memory_order_seq_cst);
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// A full memory barrier in every running thread of this process, at its caller's cost.
///
/// Guarantee: when it returns, each other thread has passed a point at which all of its earlier
/// stores are visible to the caller, and after which its loads see what the caller stored before.
/// So a thread that does "store A, load B" with no barrier of its own, against a caller that does
/// "store B, barrier_in_all_threads(), load A", cannot miss B while the caller misses A.
///
/// Provided that has_barrier_in_all_threads() was true when the other threads began; where it was
/// false, each of them must fence between the store and the load itself.
///
/// Mechanism (Linux): membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED. Where a sandbox that was
/// entered later forbids it: a sleep that is longer than a store can wait in a processor. Changing
/// the protection of a page, the means of the time before membarrier, is none: ARM and newer x86
/// processors invalidate each other's TLB entries without an interrupt.
void barrier_in_all_threads() noexcept;

/// Whether the system gives such a barrier. Decided at the first call in the process, for good; a
/// fork child keeps its parent's answer.
[[nodiscard]] bool has_barrier_in_all_threads() noexcept;

}  // namespace procession::os
