// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "contestant.h"

namespace procession::bench {

/// Where the processes of a round may run: wherever the scheduler puts them; producers on one cpu
/// and consumers on another one; all on one cpu.
enum class Placement { free, two_cpus, one_cpu };

[[nodiscard]] const char* show(Placement placement);
/// Whether this machine has the cpus for it.
[[nodiscard]] bool is_possible(Placement placement);
/// An index into allowed_cpus(), or kAnyCpu.
[[nodiscard]] int cpu_for(Role role, Placement placement);

}  // namespace procession::bench
