// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "procession/detail/launch.h"

namespace procession::inline v0::detail::process {

/// A function as text, for the command line of another process of the same build.
/// Throws: SharingError when it is in no loaded image.
[[nodiscard]] std::string text_of_function(AnyFunction function);
/// Throws: DecodeError when the text is none, or the function is not there.
[[nodiscard]] AnyFunction function_from_text(std::string_view text);

}  // namespace procession::inline v0::detail::process
