// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <procession/procession.h>

#include <optional>
#include <string>
#include <vector>

namespace treesum {

enum class When { automatic, always, never };

struct Options {
    std::string folder = "/usr/share";
    unsigned workers = 1;
    procession::StartMethod method = procession::StartMethod::spawn;
    bool json = false;
    unsigned chaos = 0;  // kills a second
    When progress = When::automatic;
};

/// What the command line asks for; or nothing, and the exit status, when there is nothing to do
/// beyond what has been printed (help, or what is wrong).
[[nodiscard]] std::optional<Options> parse(std::vector<std::string> arguments, int& status);

}  // namespace treesum
