// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "procession/handle.h"

namespace procession::os {

using procession::Handle;
using procession::NativeHandle;
using procession::no_handle;

/// A handle as a number, for messages, logs and arguments.
[[nodiscard]] inline std::int64_t number_of(NativeHandle handle) noexcept {
#ifdef _WIN32
    return reinterpret_cast<std::intptr_t>(handle);
#else
    return handle;
#endif
}
[[nodiscard]] inline std::string text_of(NativeHandle handle) {
    return std::to_string(number_of(handle));
}

}  // namespace procession::os
