// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::ring {

/// Asked how far the memory behind a pool really reaches, whatever the shared state says: touching
/// more would end the process (SIGBUS).
class Backing {
  public:
    Backing() = default;
    Backing(const Backing&) = delete;
    Backing& operator=(const Backing&) = delete;
    /// Units that can be touched now. Never fewer than it said before.
    /// Throws: what its owner throws when the system does not tell.
    [[nodiscard]] virtual std::uint32_t units_there() const = 0;

  protected:
    ~Backing() = default;
};

}  // namespace procession::ring
