// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "os/handle.h"

namespace procession::process {

/// The one argument of a spawned child: "--procession-child=<descriptor of the bootstrap message>".
inline constexpr const char* child_marker = "--procession-child=";

/// The descriptor that such an argument names behind its marker; an invalid handle when it names
/// none.
[[nodiscard]] os::Handle handle_named_by(std::string_view text) noexcept;

/// argv[0] of this program; nothing until init() has been called.
[[nodiscard]] const std::optional<std::string>& program_name() noexcept;

/// For tests of what happens without init().
void forget_program_name() noexcept;

}  // namespace procession::process
