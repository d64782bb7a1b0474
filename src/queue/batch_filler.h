// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "procession/detail/batch.h"

namespace procession::inline v0::detail::queue {

/// Fills a Batch.
class BatchFiller {
  public:
    explicit BatchFiller(Batch& batch) : batch_(batch), fetched_(batch.size()) {}

    /// Reserves room for `items` more items with `bytes` bytes in total, each padded to 8.
    /// Throws: std::bad_alloc.
    void reserve(std::size_t items, std::size_t bytes) {
        batch_.items_.reserve(batch_.items_.size() + items);
        auto& blocks = batch_.blocks_;
        if (!blocks.empty() && blocks.back().size - batch_.used_ >= bytes) return;
        const std::size_t size = std::max(bytes, kBlockMin);
        blocks.reserve(blocks.size() + 1);
        blocks.push_back({HeapBytes(size), size});
        batch_.used_ = 0;
    }
    /// Whether there is reserved room for an item of `bytes` bytes.
    [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
        return batch_.items_.size() < batch_.items_.capacity() && !batch_.blocks_.empty() &&
               padded(bytes) <= batch_.blocks_.back().size - batch_.used_ - pending_;
    }
    /// Adds an item whose bytes remain valid until fetch() copies them.
    void add(const MessageView& item) noexcept {
        batch_.items_.push_back(item);
        pending_ += padded(item.bytes.size());
    }
    /// Copies what was added since the last call. Returns the items.
    std::span<MessageView> fetch() noexcept {
        const std::span fresh = std::span(batch_.items_).subspan(fetched_);
        for (MessageView& item : fresh) {
            std::byte* to = batch_.blocks_.back().bytes.get() + batch_.used_;
            if (!item.bytes.empty()) std::memcpy(to, item.bytes.data(), item.bytes.size());
            batch_.used_ += padded(item.bytes.size());
            item.bytes = {to, item.bytes.size()};
        }
        pending_ = 0;
        fetched_ = batch_.items_.size();
        return fresh;
    }
    /// Reserves room for one item with memory of its own. Throws: std::bad_alloc.
    void reserve_large() {
        batch_.items_.reserve(batch_.items_.size() + 1);
        batch_.large_.reserve(batch_.large_.size() + 1);
    }
    /// Adds such an item.
    void adopt(std::unique_ptr<Message> message) noexcept {
        batch_.items_.push_back(message->view());
        batch_.large_.push_back(message.release());
        fetched_ = batch_.items_.size();
    }

  private:
    static constexpr std::size_t kBlockMin = 4096;
    [[nodiscard]] static constexpr std::size_t padded(std::size_t bytes) noexcept {
        return (bytes + 7U) & ~std::size_t{7};
    }

    Batch& batch_;
    std::size_t pending_ = 0;  // bytes that the items that are not fetched yet will need
    std::size_t fetched_;      // how many items have been fetched
};

}  // namespace procession::inline v0::detail::queue
