// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/event_count.h"

#include "shm/robust_lock.h"

namespace procession::inline v0::detail::shm {

std::uint32_t turns_that_pay() noexcept {
    constexpr std::chrono::nanoseconds turn{25};
    return spinning_pays() ? static_cast<std::uint32_t>(os::cost_of_sleep() / turn) : 0;
}

}  // namespace procession::inline v0::detail::shm
