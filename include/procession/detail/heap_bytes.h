// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace procession::inline v0::detail {

/// Bytes on the heap, not initialised, aligned like any object. (A std::unique_ptr of an array is
/// the same; it takes the compiler ten times as long.)
class HeapBytes {
  public:
    HeapBytes() noexcept = default;
    /// Throws: std::bad_alloc.
    explicit HeapBytes(std::size_t size) : bytes_(static_cast<std::byte*>(::operator new(size))) {}
    HeapBytes(HeapBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)) {}
    HeapBytes& operator=(HeapBytes&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    HeapBytes(const HeapBytes&) = delete;
    HeapBytes& operator=(const HeapBytes&) = delete;
    ~HeapBytes() { ::operator delete(bytes_); }

    [[nodiscard]] std::byte* get() const noexcept { return bytes_; }
    [[nodiscard]] explicit operator bool() const noexcept { return bytes_ != nullptr; }

  private:
    std::byte* bytes_ = nullptr;
};

}  // namespace procession::inline v0::detail
