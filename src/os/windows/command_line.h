// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace procession::os {

/// One argument as CommandLineToArgvW and the C runtime take it apart again: quoted where needed;
/// backslashes are doubled only before a quote.
void append_argument(std::wstring& line, std::wstring_view argument);

/// The command line of a program: argv[0] first, which has rules of its own (no escapes).
[[nodiscard]] std::wstring command_line(const std::vector<std::string>& arguments);

}  // namespace procession::os
