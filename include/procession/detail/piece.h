// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "procession/detail/codec/format.h"

namespace procession::inline v0 {

/// One item for a queue: its bytes, which it does not own, and their format.
struct Piece {
    Format format = Format::raw;
    std::span<const std::byte> bytes;
};

/// Several items, in order: either any pieces, or raw items of equal size in contiguous memory.
class Pieces {
  public:
    explicit Pieces(std::span<const Piece> list) : list_(list), size_(list.size()) {}
    /// Raw items of `each` bytes, as many as there are in `bytes`.
    Pieces(std::span<const std::byte> bytes, std::size_t each)
        : bytes_(bytes), each_(each), size_(bytes.size() / each) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] Piece operator[](std::size_t i) const noexcept {
        if (each_ != 0) return {Format::raw, bytes_.subspan(i * each_, each_)};
        return list_[i];
    }

  private:
    std::span<const Piece> list_;
    std::span<const std::byte> bytes_;
    std::size_t each_ = 0;
    std::size_t size_ = 0;
};

}  // namespace procession::inline v0
