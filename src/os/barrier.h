// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace procession::inline v0::detail::os {

/// A full memory barrier for a caller that has made a sequentially consistent read-modify-write
/// since its last store. On x86 the read-modify-write was a full barrier already, so a compiler
/// barrier is enough. On other processors a store before it may become visible after a load that
/// follows it.
inline void fence_after_rmw() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    std::atomic_signal_fence(std::memory_order_seq_cst);
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// A full memory barrier in every running thread of this process. Only the caller pays for it (an
/// asymmetric fence).
///
/// Guarantee: when it returns, each other thread has passed a point at which all of its earlier
/// stores are visible to the caller, and after which its loads see what the caller stored before.
/// So if another thread does "store A, load B" without a barrier, and the caller does "store B,
/// barrier_in_all_threads(), load A", at least one of them sees the other's store.
///
/// This holds if has_barrier_in_all_threads() is true. If it is false, each other thread must have
/// a fence of its own between its store and its load.
///
/// Mechanism (Linux): membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED. If a sandbox that was
/// entered later forbids it, the caller sleeps for longer than a store can stay in a store buffer.
/// To change the protection of a page, as was done before membarrier existed, would not help: ARM
/// and newer x86 processors invalidate each other's TLB entries without an interrupt.
void barrier_in_all_threads() noexcept;

/// Whether the system has such a barrier. The answer of the first call in the process is final; a
/// fork child keeps its parent's.
[[nodiscard]] bool has_barrier_in_all_threads() noexcept;

}  // namespace procession::inline v0::detail::os
