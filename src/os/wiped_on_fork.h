// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <system_error>
#include <type_traits>

namespace procession::inline v0::detail::os {

/// Memory that no child inherits: in a child, whether made by fork, _Fork or clone, it is filled
/// with zeros. It holds what identifies a process, so that a child cannot take itself for its
/// parent, even if no at-fork handler ran in it. (A child that shares its parent's memory, as after
/// vfork, counts as the parent.)
///
/// Mechanism (Linux): a private mapping with MADV_WIPEONFORK.
class WipedMemory {
  public:
    WipedMemory() noexcept = default;
    WipedMemory(const WipedMemory&) = delete;
    WipedMemory& operator=(const WipedMemory&) = delete;
    ~WipedMemory();

    /// Maps `bytes` of memory, all zero.
    [[nodiscard]] std::error_code map(std::size_t bytes) noexcept;
    [[nodiscard]] void* base() const noexcept { return base_; }

  private:
    void* base_ = nullptr;
    std::size_t bytes_ = 0;
};

/// One T in such memory. Bytes that are all zero must be a valid T that needs no destructor: no
/// constructor and no destructor of it runs.
template <class T>
class WipedOnFork {
    static_assert(std::is_standard_layout_v<T>);

  public:
    [[nodiscard]] std::error_code map() noexcept { return memory_.map(sizeof(T)); }
    [[nodiscard]] T* operator->() const noexcept { return static_cast<T*>(memory_.base()); }
    [[nodiscard]] T& operator*() const noexcept { return *static_cast<T*>(memory_.base()); }

  private:
    WipedMemory memory_;
};

}  // namespace procession::inline v0::detail::os
