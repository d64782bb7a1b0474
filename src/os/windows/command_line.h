// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace procession::inline v0::detail::os {

/// Appends one argument in the form that CommandLineToArgvW and the C runtime parse: quoted if
/// necessary, with backslashes doubled only before a quote.
void append_argument(std::wstring& line, std::wstring_view argument);

/// The command line of a program. argv[0] comes first, to which other rules apply (no escapes).
[[nodiscard]] std::wstring command_line(const std::vector<std::string>& arguments);

}  // namespace procession::inline v0::detail::os
