// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace procession::process {

/// The one argument of a spawned child: "--procession-child=<descriptor of the bootstrap message>".
inline constexpr const char* child_marker = "--procession-child=";

/// argv[0] of this program; nothing until init() has been called.
[[nodiscard]] const std::optional<std::string>& program_name() noexcept;

/// To be called before this program is started once more, as `what`. A helper process whose
/// arguments did not reach init() would start the next one, and that another.
/// Throws: ProcessError when this process is such a one.
void refuse_to_start_again(const char* what);

/// For tests of what happens without init().
void forget_program_name() noexcept;

}  // namespace procession::process
