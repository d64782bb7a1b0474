// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/command_line.h"

#include <gtest/gtest.h>

#include "os/windows/api.h"
// After windows.h.
#include <shellapi.h>

namespace procession::testing {

using namespace detail;
namespace {

std::vector<std::string> taken_apart(const std::wstring& line) {
    int count = 0;
    wchar_t** const arguments = ::CommandLineToArgvW(line.c_str(), &count);
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(os::utf8_of(arguments[i]));
    ::LocalFree(arguments);
    return all;
}

TEST(CommandLine, is_taken_apart_by_windows_as_it_was_put_together) {
    const std::vector<std::string> arguments{R"(C:\Program Files\a b.exe)",
                                             "",
                                             "plain",
                                             "two words",
                                             R"(a"b)",
                                             R"(")",
                                             R"("")",
                                             R"(\)",
                                             R"(a\)",
                                             R"(a b\)",
                                             R"(a b\\)",
                                             R"(\")",
                                             R"(\\" x)",
                                             "tab\tend",
                                             "line\nend",
                                             "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7",
                                             R"(-x="a b" \\server\share\)"};
    EXPECT_EQ(taken_apart(os::command_line(arguments)), arguments);
}

}  // namespace
}  // namespace procession::testing
