// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/command_line.h"

#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

void append_argument(std::wstring& line, std::wstring_view argument) {
    if (!line.empty()) line += L' ';
    if (!argument.empty() && argument.find_first_of(L" \t\n\v\"") == argument.npos) {
        line += argument;
        return;
    }
    line += L'"';
    std::size_t backslashes = 0;
    for (const wchar_t each : argument) {
        if (each == L'\\') {
            ++backslashes;
            continue;
        }
        // Before a quote each backslash is doubled, and one more escapes the quote itself.
        line.append(each == L'"' ? 2 * backslashes + 1 : backslashes, L'\\');
        line += each;
        backslashes = 0;
    }
    line.append(2 * backslashes, L'\\');
    line += L'"';
}

std::wstring command_line(const std::vector<std::string>& arguments) {
    std::wstring line;
    for (const auto& each : arguments) {
        const std::wstring wide = utf16_of(each);
        if (line.empty()) {
            // A quote in a program's name cannot be escaped, and no file name contains one.
            std::wstring name = wide;
            std::erase(name, L'"');
            line = L'"' + name + L'"';
        } else {
            append_argument(line, wide);
        }
    }
    return line;
}

}  // namespace procession::inline v0::detail::os
