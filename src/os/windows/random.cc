// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/random.h"

#include "os/windows/api.h"
// After windows.h.
#include <bcrypt.h>

namespace procession::inline v0::detail::os {

std::error_code fill_random(std::span<std::byte> bytes) noexcept {
    const NTSTATUS status =
        ::BCryptGenRandom(nullptr, reinterpret_cast<PUCHAR>(bytes.data()),
                          static_cast<ULONG>(bytes.size()), BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    return status >= 0 ? std::error_code{} : std::make_error_code(std::errc::io_error);
}

}  // namespace procession::inline v0::detail::os
