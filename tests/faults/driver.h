// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "faults/fault_plan.h"
#include "faults/operation.h"

namespace procession::testing {

/// What one run of an operation was about.
struct Run {
    const NamedOperation& operation;
    int number = 0;  // the errno that must show in the error; 0: any error will do
    bool bad_alloc_is_fine = false;
    std::string trouble;  // for people
};

/// Under the sanitizers, where a fork takes very long, only each eleventh case is visited.
[[nodiscard]] bool is_due();

/// Runs an operation in a fork child of this process, with the faults as planned. Adds a failure to
/// the current test when it crashed, hung, threw what it must not, left something behind, or left
/// its objects in bad order. Returns whether all was well.
bool runs_well(FaultPlan& plan, const Run& run);

}  // namespace procession::testing
