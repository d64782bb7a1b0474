// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "os/handle.h"
#include "os/linux/calls.h"

// Whole reads and writes of files. Nothing here allocates from the heap.

namespace procession::inline v0::detail::os {

/// Writes all bytes at the file's position.
[[nodiscard]] inline std::error_code write_all(const Handle& file,
                                               std::span<const std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t written = calls::uninterrupted(
            [&] { return calls::write(file.get(), bytes.data(), bytes.size()); });
        if (written < 0) return calls::last_error();
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

/// Invalid when the file cannot be opened.
inline Handle open_to_read(const char* path) noexcept {
    return Handle(calls::uninterrupted([&] { return calls::open(path, O_RDONLY | O_CLOEXEC); }));
}

/// Reads the file into `text`, as a string that is truncated if the file is longer.
/// Returns: false when the file cannot be read, or is empty.
template <std::size_t N>
bool read_small_file(const char* path, char (&text)[N]) noexcept {
    const Handle file = open_to_read(path);
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

/// Calls visit(line) for each line, without the line end. A line is truncated to 4 KiB.
/// Returns: false when the file cannot be opened.
template <class Visit>
bool each_line(const char* path, Visit visit) noexcept {
    const Handle file = open_to_read(path);
    if (!file.valid()) return false;
    std::array<char, 4096> space;
    std::size_t filled = 0;
    bool is_rest = false;  // whether the text continues a line that was truncated
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
        std::copy(text.begin(), text.end(), space.begin());  // std::copy allows this overlap
    }
    if (filled != 0 && !is_rest) visit(std::string_view(space.data(), filled));
    return true;
}

}  // namespace procession::inline v0::detail::os
