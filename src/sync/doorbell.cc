// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "sync/doorbell.h"

#include "sync/owner_lock.h"

namespace procession::sync {

std::uint32_t turns_that_pay() noexcept {
    constexpr std::chrono::nanoseconds turn{25};
    return spinning_pays() ? static_cast<std::uint32_t>(os::cost_of_sleep() / turn) : 0;
}

}  // namespace procession::sync
