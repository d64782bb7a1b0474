// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession::testing {

/// Arms this process (a fork child): it dies by SIGKILL at its n-th protocol step from now, counted
/// from 1. Needs a build with kill points.
void die_at_step(unsigned n);
/// Arms this process to stop itself (SIGSTOP) when it next arrives at the named step, once.
void stop_at_step(const char* name);
/// Counts steps, and keeps their names, without dying.
void record_steps();
[[nodiscard]] unsigned steps_so_far();
/// The name of the step at which the process last arrived; in memory shared with children made
/// after the first call.
[[nodiscard]] std::string last_step();

}  // namespace procession::testing
