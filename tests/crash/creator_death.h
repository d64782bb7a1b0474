// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/sudden_death.h"

namespace procession::testing {

/// A process dies at the n-th step of making a queue. The memory that it left is attached to all
/// the same, by a descriptor taken from the dying one: that must work, or be refused; never hang or
/// crash. Returns what was wrong, or nothing.
[[nodiscard]] std::string try_what_a_creator_left(unsigned n, StepTrace& trace);

}  // namespace procession::testing
