// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/deadline.h"

#include <chrono>
#include <cstdio>
#include <ostream>
#include <string>

namespace procession::inline v0 {

std::string to_string(const Deadline& deadline) {
    if (deadline.is_never()) return "never";
    const auto left = deadline.remaining();
    if (left == Deadline::Clock::duration::zero()) return "passed";
    char text[48];
    std::snprintf(text, sizeof text, "in %.3f s", std::chrono::duration<double>(left).count());
    return text;
}

std::ostream& operator<<(std::ostream& out, const Deadline& deadline) {
    return out << to_string(deadline);
}

}  // namespace procession::inline v0
