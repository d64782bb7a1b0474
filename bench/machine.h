// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession::bench {

/// One line: processors, system, load.
[[nodiscard]] std::string machine();
/// Whether stderr is a terminal.
[[nodiscard]] bool is_seen_at_once();

}  // namespace procession::bench
