// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// The sources of the kernels know Relacy, whose macros are those of other headers as well, and not
// GoogleTest. Each function below returns whether its kernel holds in all orders that ISO C++
// allows.

namespace checked {

/// Which part of the real orders is left out.
enum class Without : unsigned char {
    nothing,
    fence_after_rmw,  // the fence between a change and the look at the event count
    fences,           // every fence
    order,            // the order of the one access that the kernel is about
};

/// A put() beside a consumer that goes to sleep.
bool put_wakes_a_sleeper(Without without);
/// Two put() beside a consumer that needs both items.
bool two_puts_wake_a_sleeper(Without without);
/// Two task_done() beside a join().
bool task_done_wakes_a_joiner(Without without);
/// The last task_done() of a chunk beside the consumer that leaves the chunk.
bool left_chunk_is_freed(Without without);
/// A thread with an old ticket beside a producer that uses the chunk again.
bool payload_is_no_lease(Without without);
/// close() beside a thread that begins an operation, where the system has no barrier for it.
bool close_waits_for_a_thread_inside(Without without);

}  // namespace checked
