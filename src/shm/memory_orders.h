// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

// Memory orders of the fields that only the holder of a lock, or of a claim, may write.

namespace procession::inline v0::detail::shm {

/// Stored in program order for the process that repairs after this one: release keeps the compiler
/// from reordering, and costs nothing on x86-64.
inline constexpr auto kOrdered = std::memory_order_release;
/// Read by the only process that may write.
inline constexpr auto kOwn = std::memory_order_relaxed;

}  // namespace procession::inline v0::detail::shm
