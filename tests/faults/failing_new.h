// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::testing {

/// Allocations of operator new that have not been freed, in this process. This test program
/// replaces operator new, so that a FaultPlan can make it fail.
[[nodiscard]] long live_allocations() noexcept;

}  // namespace procession::testing
