// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <system_error>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// Writes the parts, one after the other, into an unnamed memory file that no process can change
/// afterwards. Unlike a pipe it needs no reader to take any length, so the writer never waits.
[[nodiscard]] std::error_code seal_bytes(const char* name,
                                         std::span<const std::span<const std::byte>> parts,
                                         Handle& sealed) noexcept;

/// The bytes of a sealed memory file, mapped read-only while this object lives.
class SealedBytes {
  public:
    SealedBytes() noexcept = default;
    SealedBytes(const SealedBytes&) = delete;
    SealedBytes& operator=(const SealedBytes&) = delete;
    ~SealedBytes();

    /// Returns: permission_denied for a file that can still be changed.
    [[nodiscard]] std::error_code open(const Handle& sealed) noexcept;
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

  private:
    std::span<const std::byte> bytes_;
};

}  // namespace procession::inline v0::detail::os
