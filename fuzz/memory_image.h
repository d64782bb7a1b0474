// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "os/handle.h"

namespace procession::fuzz {

using namespace detail;

/// A copy of the bytes of a memory file, pages of zeros left out. Restored into a new file, it is
/// the same segment in which every participant is dead: no process locks bytes of the new file.
class MemoryImage {
  public:
    MemoryImage() = default;
    [[nodiscard]] static MemoryImage of(const os::Handle& file);

    /// A new sealed memory file with these bytes.
    [[nodiscard]] os::Handle restore() const;
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  private:
    struct Run {
        std::uint64_t at = 0;
        std::vector<std::byte> bytes;
    };

    std::uint64_t bytes_ = 0;
    std::vector<Run> runs_;
};

/// A new sealed memory file of `size` bytes that begins with `bytes`.
[[nodiscard]] os::Handle memory_file_with(std::span<const std::byte> bytes, std::uint64_t size);
void write_at(const os::Handle& file, std::uint64_t at, std::span<const std::byte> bytes);

}  // namespace procession::fuzz
