// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "faults/fault_plan.h"

namespace procession::testing {

/// How an operation ended.
struct Outcome {
    bool threw = false;
    std::string what;
    bool had_to_succeed = false;  // the fault was one that no caller may notice
};

/// One use of the library that faults are tried on. Its constructor prepares and its destructor
/// cleans up, both without faults.
class Operation {
  public:
    Operation() = default;
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    virtual ~Operation() = default;

    /// With faults. May throw what the library throws.
    virtual void act() = 0;
    /// Without faults again: adds a failure to the current test for all that is not as it must be,
    /// whether the operation succeeded or threw.
    virtual void check(const Outcome& outcome) = 0;
};

struct NamedOperation {
    const char* name;
    std::unique_ptr<Operation> (*make)();
    // What goes wrong in any case, so that the way back is visited too.
    std::optional<PlannedFault> given = std::nullopt;
    // Whether calls fail in its children, too. A broker cannot tell its clients what it lacks.
    bool in_children = true;
};

[[nodiscard]] std::span<const NamedOperation> plain_queue_operations();
[[nodiscard]] std::span<const NamedOperation> joinable_queue_operations();
[[nodiscard]] std::span<const NamedOperation> process_operations();
[[nodiscard]] std::span<const NamedOperation> connection_operations();
/// All of them.
[[nodiscard]] std::span<const NamedOperation> all_operations();

}  // namespace procession::testing
