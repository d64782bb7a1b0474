// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <system_error>
#include <type_traits>

namespace procession::os {

/// A piece of memory of this process alone: a child, however it was made (fork, _Fork, clone),
/// finds it filled with zeros. The identity of a process is kept here, so that no child takes
/// itself for its parent, not even a child that no at-fork handler has prepared. (A child that
/// shares its parent's memory, as after vfork, is the parent in this respect.)
///
/// Mechanism (Linux): a private mapping with MADV_WIPEONFORK.
class WipedMemory {
  public:
    WipedMemory() noexcept = default;
    WipedMemory(const WipedMemory&) = delete;
    WipedMemory& operator=(const WipedMemory&) = delete;
    ~WipedMemory();

    /// Zeros.
    [[nodiscard]] std::error_code map(std::size_t bytes) noexcept;
    [[nodiscard]] void* base() const noexcept { return base_; }

  private:
    void* base_ = nullptr;
    std::size_t bytes_ = 0;
};

/// One T in such memory. All zero bytes must be a valid T, with nothing to destroy; it is made from
/// them, and its destructor never runs.
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

}  // namespace procession::os
