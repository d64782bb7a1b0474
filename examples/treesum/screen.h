// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "options.h"

namespace treesum {

/// stderr: messages, and below them a live line that is drawn again and again.
class Screen {
  public:
    explicit Screen(When progress);
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    ~Screen() { clear(); }

    /// Whether it is time to draw the live line.
    [[nodiscard]] bool is_due() const;
    void show(const std::string& line);
    void clear();
    /// "treesum: message"
    void say(std::string_view message);

  private:
    using Clock = std::chrono::steady_clock;

    bool is_live_;
    bool is_drawn_ = false;
    Clock::time_point drawn_ = Clock::now();
};

}  // namespace treesum
