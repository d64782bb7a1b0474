// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

// PROCESSION_STEP("queue.put.committed") stands between two stores of a shared-memory protocol.
//
// Recovery from a death relies on the program order of those stores, so a step is a compiler
// barrier in every build. (The processor needs none: the repairing process sees all stores of the
// dead one.) With PROCESSION_KILL_POINTS a step is also a kill point: a test can end the process
// there, by the name of the step.

namespace procession::inline v0::detail::base {

#ifdef PROCESSION_KILL_POINTS

using StepHook = void (*)(const char* name);
inline std::atomic<StepHook> step_hook{nullptr};

inline void step(const char* name) noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // relaxed: a test sets the hook before it uses the protocol
    if (const StepHook hook = step_hook.load(std::memory_order_relaxed)) hook(name);
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

#define PROCESSION_STEP(name) ::procession::detail::base::step(name)

#else

#define PROCESSION_STEP(name) ::std::atomic_signal_fence(::std::memory_order_seq_cst)

#endif

}  // namespace procession::inline v0::detail::base
