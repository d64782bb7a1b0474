// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "os/windows/api.h"

namespace procession::testing {

/// How many handles this process has. (By Wine 8 GetProcessHandleCount says 0.) The system gives
/// out the lowest free ones, which are multiples of 4.
[[nodiscard]] inline std::size_t open_handles() {
    constexpr std::uintptr_t highest = 0x2000;
    std::size_t count = 0;
    for (std::uintptr_t number = 4; number <= highest; number += 4) {
        DWORD flags = 0;
        if (::GetHandleInformation(reinterpret_cast<HANDLE>(number), &flags)) ++count;
    }
    return count;
}

}  // namespace procession::testing
