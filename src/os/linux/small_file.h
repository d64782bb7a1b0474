// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "os/handle.h"
#include "os/linux/calls.h"

// Text files of the kernel, read without memory of the heap.

namespace procession::os {

inline Handle open_small_file(const char* path) noexcept {
    return Handle(calls::uninterrupted([&] { return calls::open(path, O_RDONLY | O_CLOEXEC); }));
}

/// Reads the file into `text`, as a string, as far as it fits; false when there is none.
template <std::size_t N>
bool read_small_file(const char* path, char (&text)[N]) noexcept {
    const Handle file = open_small_file(path);
    if (!file.valid()) return false;
    std::size_t length = 0;
    while (length < N - 1) {
        const ssize_t got = calls::uninterrupted(
            [&] { return calls::read(file.get(), text + length, N - 1 - length); });
        if (got < 0) return false;
        if (got == 0) break;
        length += static_cast<std::size_t>(got);
    }
    text[length] = '\0';
    return length > 0;
}

/// Calls visit(line) for each line, without its end. A line is cut after 4 KiB. False when there is
/// no such file.
template <class Visit>
bool each_line(const char* path, Visit visit) noexcept {
    const Handle file = open_small_file(path);
    if (!file.valid()) return false;
    std::array<char, 4096> space;
    std::size_t filled = 0;
    bool is_rest = false;  // of a line that was too long
    for (;;) {
        const ssize_t got = calls::uninterrupted(
            [&] { return calls::read(file.get(), space.data() + filled, space.size() - filled); });
        if (got <= 0) break;
        std::string_view text(space.data(), filled + static_cast<std::size_t>(got));
        for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
            if (!std::exchange(is_rest, false)) visit(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
        if (text.size() == space.size()) {
            if (!std::exchange(is_rest, true)) visit(text);
            text = {};
        }
        filled = text.size();
        std::copy(text.begin(), text.end(), space.begin());  // forwards: they may overlap
    }
    if (filled != 0 && !is_rest) visit(std::string_view(space.data(), filled));
    return true;
}

}  // namespace procession::os
