// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "procession/handle.h"

namespace procession::inline v0::detail::os {

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

/// Whether two handles of this process refer to one open object, not only to one file: duplicates
/// share its state, such as the position. False when the system cannot tell.
[[nodiscard]] bool are_same_object(NativeHandle one, NativeHandle other) noexcept;

/// Raises this process's limit of open handles as far as the system allows.
void raise_handle_limit() noexcept;

}  // namespace procession::inline v0::detail::os
