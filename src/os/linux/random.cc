// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/random.h"

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

std::error_code fill_random(std::span<std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t got =
            calls::uninterrupted([&] { return calls::getrandom(bytes.data(), bytes.size()); });
        if (got < 0) return calls::last_error();
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return {};
}

}  // namespace procession::inline v0::detail::os
