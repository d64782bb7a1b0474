// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace procession::testing {

/// A way to begin: of a child, seen from either side, or of a queue. A process dies at one of its
/// steps.
class StartLife {
  public:
    StartLife() = default;
    StartLife(const StartLife&) = delete;
    StartLife& operator=(const StartLife&) = delete;
    virtual ~StartLife() = default;

    [[nodiscard]] virtual std::string name() const = 0;
    /// The names of all steps, when no process dies.
    virtual std::vector<std::string> record() = 0;
    /// Dies at the n-th step; returns what was wrong afterwards, or nothing.
    virtual std::string die_at(unsigned n, std::string& where) = 0;
};

/// Spawners and children under each start method, with and without die_with_parent, and creators.
[[nodiscard]] std::vector<std::unique_ptr<StartLife>> start_lives();

}  // namespace procession::testing
