// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// What a mapping allows.
enum class MapFor : std::uint8_t { writing, reading };

/// A shared mapping of a file, from its start. It may be longer than the file: the part
/// beyond the end becomes usable when the file grows. The destructor unmaps it.
class Mapping {
  public:
    Mapping() noexcept = default;
    Mapping(Mapping&& other) noexcept
        : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(base_, other.base_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    [[nodiscard]] static std::error_code map(const Handle& file, std::uint64_t bytes,
                                             Mapping& mapped,
                                             MapFor use = MapFor::writing) noexcept;

    [[nodiscard]] std::byte* base() const noexcept { return base_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  private:
    std::byte* base_ = nullptr;
    std::uint64_t bytes_ = 0;
};

/// How many bytes of address space this process may use in all (ulimit -v); UINT64_MAX where there
/// is no limit.
[[nodiscard]] std::uint64_t address_space_limit() noexcept;

}  // namespace procession::inline v0::detail::os
