// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::os {

/// A full memory barrier in every running thread of this process, at its caller's cost.
///
/// Guarantee: when it returns, each other thread has passed a point at which all of its earlier
/// stores are visible to the caller, and after which its loads see what the caller stored before.
/// So a thread that does "store A, load B" with no barrier of its own, against a caller that does
/// "store B, barrier_in_all_threads(), load A", cannot miss B while the caller misses A.
///
/// Mechanism (Linux): membarrier(2), MEMBARRIER_CMD_PRIVATE_EXPEDITED. Where a sandbox forbids it:
/// a page is made unreadable, which the kernel has to tell every processor that runs this process.
void barrier_in_all_threads() noexcept;

}  // namespace procession::os
