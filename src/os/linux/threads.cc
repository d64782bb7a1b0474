// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/threads.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "os/linux/file_io.h"

namespace procession::inline v0::detail::os {

unsigned count_threads() noexcept {
    if (has_one_thread()) return 1;
    char text[1024];
    if (!read_small_file("/proc/self/stat", text)) return 0;
    // The 20th field (proc(5)). It is counted from the end of the second field, the name in
    // parentheses, which may contain anything.
    std::string_view line(text);
    line.remove_prefix(std::min(line.rfind(')') + 2, line.size()));
    for (int field = 3; field < 20; ++field)
        line.remove_prefix(std::min(line.find(' ') + 1, line.size()));
    unsigned threads = 0;
    std::from_chars(line.data(), line.data() + line.size(), threads);
    return threads;
}

}  // namespace procession::inline v0::detail::os
