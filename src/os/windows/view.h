// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

/// A view of a section, unmapped by its destructor.
class View {
  public:
    View() noexcept = default;
    /// Maps `bytes` from `offset` on; 0 means to the end. Invalid on failure; see last_error().
    View(NativeHandle section, DWORD access, std::uint64_t bytes = 0,
         std::uint64_t offset = 0) noexcept
        : base_(::MapViewOfFile(section, access, high_of(offset), low_of(offset), bytes)) {}
    View(View&& other) noexcept : base_(other.release()) {}
    View& operator=(View&& other) noexcept {
        std::swap(base_, other.base_);
        return *this;
    }
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    ~View() {
        if (base_ != nullptr) ::UnmapViewOfFile(base_);
    }

    [[nodiscard]] bool valid() const noexcept { return base_ != nullptr; }
    template <class T>
    [[nodiscard]] T* as() const noexcept {
        return static_cast<T*>(base_);
    }
    /// The size, rounded up to whole pages.
    [[nodiscard]] std::uint64_t bytes() const noexcept {
        MEMORY_BASIC_INFORMATION about{};
        ::VirtualQuery(base_, &about, sizeof about);
        return about.RegionSize;
    }
    /// Keeps the view mapped; the caller must call UnmapViewOfFile.
    void* release() noexcept { return std::exchange(base_, nullptr); }

  private:
    void* base_ = nullptr;
};

}  // namespace procession::inline v0::detail::os
