// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "screen.h"

#include <cstdio>

#include "system.h"

namespace treesum {

namespace {

constexpr std::chrono::milliseconds kDrawEvery{100};
constexpr std::size_t kColumnsUnlessKnown = 80;

// Longer lines would wrap, and could not be taken back.
std::size_t columns() {
    const std::size_t known = terminal_columns();
    return known > 1 ? known : kColumnsUnlessKnown;
}

}  // namespace

Screen::Screen(When progress)
    : is_live_(progress == When::always ||
               (progress == When::automatic && is_stderr_a_terminal())) {}

bool Screen::is_due() const { return is_live_ && Clock::now() - drawn_ >= kDrawEvery; }

void Screen::show(const std::string& line) {
    if (!is_live_) return;
    std::fprintf(stderr, "\r%s\x1b[K", line.substr(0, columns() - 1).c_str());
    is_drawn_ = true;
    drawn_ = Clock::now();
}

void Screen::clear() {
    if (is_drawn_) std::fputs("\r\x1b[K", stderr);
    is_drawn_ = false;
}

void Screen::say(std::string_view message) {
    clear();
    std::fprintf(stderr, "treesum: %.*s\n", static_cast<int>(message.size()), message.data());
}

}  // namespace treesum
