// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "procession/detail/heap_bytes.h"
#include "procession/detail/message.h"
#include "procession/export.h"

namespace procession::inline v0 {

namespace detail::queue {
class BatchFiller;
}

/// The items that one get_many() took, in order: formats, bytes and leases. The bytes are valid
/// until clear(), or until the batch is destroyed. A batch that is used again reuses its memory.
///
/// Move-only.   Threads: one at a time.
class PROCESSION_EXPORT Batch {
  public:
    Batch() noexcept = default;
    Batch(Batch&& other) noexcept;
    Batch& operator=(Batch&& other) noexcept;
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch();

    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
    [[nodiscard]] const MessageView& operator[](std::size_t i) const noexcept { return items_[i]; }
    [[nodiscard]] auto begin() const noexcept { return items_.begin(); }
    [[nodiscard]] auto end() const noexcept { return items_.end(); }
    void clear() noexcept;

  private:
    friend class detail::queue::BatchFiller;

    struct Block {
        detail::HeapBytes bytes;
        std::size_t size = 0;
    };

    std::vector<MessageView> items_;
    std::vector<Block> blocks_;    // the last one is being filled
    std::vector<Message*> large_;  // owned: items with memory of their own
    std::size_t used_ = 0;         // bytes of the last block
};

}  // namespace procession::inline v0
