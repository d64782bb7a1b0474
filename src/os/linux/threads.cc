// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/threads.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "os/handle.h"
#include "os/linux/calls.h"

namespace procession::os {

unsigned count_threads() noexcept {
    if (has_one_thread()) return 1;
    const Handle file(calls::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return 0;
    std::array<char, 1024> space;
    const ssize_t got =
        calls::uninterrupted([&] { return calls::read(file.get(), space.data(), space.size()); });
    if (got <= 0) return 0;
    // Behind the name, which may hold anything: the 20th of all fields (proc(5)).
    std::string_view line(space.data(), static_cast<std::size_t>(got));
    line.remove_prefix(std::min(line.rfind(')') + 2, line.size()));
    for (int field = 3; field < 20; ++field)
        line.remove_prefix(std::min(line.find(' ') + 1, line.size()));
    unsigned threads = 0;
    std::from_chars(line.data(), line.data() + line.size(), threads);
    return threads;
}

}  // namespace procession::os
