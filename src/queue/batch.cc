// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/batch.h"

#include <utility>

namespace procession::inline v0 {

Batch::Batch(Batch&& other) noexcept
    : items_(std::move(other.items_)),
      blocks_(std::move(other.blocks_)),
      large_(std::move(other.large_)),
      used_(std::exchange(other.used_, 0)) {
    other.clear();
}

Batch& Batch::operator=(Batch&& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(blocks_, other.blocks_);
    std::swap(large_, other.large_);
    std::swap(used_, other.used_);
    return *this;
}

Batch::~Batch() { clear(); }

void Batch::clear() noexcept {
    items_.clear();
    for (const Message* message : large_) delete message;
    large_.clear();
    if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
    used_ = 0;
}

}  // namespace procession::inline v0
