// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <system_error>

namespace procession::inline v0::detail::shm {

/// The memory behind a pool, in units of it. The pool asks it how far it really reaches, whatever
/// the shared state says (touching more would end the process by SIGBUS), and tells it to have more
/// or less of it.
///
/// Ranges are [from, to). All calls may be repeated: what is committed already stays as it is.
class Backing {
  public:
    Backing() = default;
    Backing(const Backing&) = delete;
    Backing& operator=(const Backing&) = delete;
    /// Units that can be touched now. Never fewer than it said before.
    /// Throws: the owner's error when the system does not tell.
    [[nodiscard]] virtual std::uint32_t units_there() const = 0;
    /// Commits memory behind units that the pool never had, and behind its notes about them.
    [[nodiscard]] virtual std::error_code grow(std::uint32_t from, std::uint32_t to) noexcept = 0;
    /// Commits memory behind units that decommit() was called for.
    [[nodiscard]] virtual std::error_code commit(std::uint32_t from, std::uint32_t to) noexcept = 0;
    /// Gives the memory behind these units back to the system. They can still be touched: they are
    /// zero, and get memory without having been promised it.
    virtual void decommit(std::uint32_t from, std::uint32_t to) noexcept = 0;
    /// Whether decommit() does anything here.
    [[nodiscard]] virtual bool can_decommit() const noexcept = 0;

  protected:
    ~Backing() = default;
};

}  // namespace procession::inline v0::detail::shm
