// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "procession/result.h"

namespace procession::inline v0::detail::queue {

/// Of a call that puts or takes.
enum class Outcome : std::uint8_t { done, timed_out, shut_down };

/// What a call of the public interface returns.
template <class E>
Result<void, E> result_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::done: return {};
        case Outcome::shut_down: return E::shut_down;
        case Outcome::timed_out: break;
    }
    return E::timed_out;
}

}  // namespace procession::inline v0::detail::queue
