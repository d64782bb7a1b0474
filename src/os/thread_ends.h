// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "base/checks.h"

namespace procession::inline v0::detail::os {

/// The functions that are called when one thread ends.
struct ThreadEnds {
    struct Registered {
        void (*act)(void*) noexcept;
        void* context;
    };
    std::array<Registered, 8> all{};
    std::size_t count = 0;

    void add(void (*act)(void*) noexcept, void* context) noexcept {
        for (std::size_t i = 0; i < count; ++i) {
            if (all[i].act != act) continue;
            all[i].context = context;
            return;
        }
        PROCESSION_EXPECTS(count < all.size());
        all[count++] = {act, context};
    }
    void call() noexcept {
        while (count > 0) {
            const Registered last = all[--count];
            last.act(last.context);
        }
    }
};

}  // namespace procession::inline v0::detail::os
