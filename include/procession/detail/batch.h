// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "procession/detail/message.h"

namespace procession::inline v0 {

/// The items that one get_many() took, in order: formats, bytes and leases. The bytes are valid
/// until clear(), or until the batch is destroyed. A batch that is used again reuses its memory.
///
/// Move-only.   Threads: one at a time.
class Batch {
  public:
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
    [[nodiscard]] const MessageView& operator[](std::size_t i) const noexcept { return items_[i]; }
    [[nodiscard]] auto begin() const noexcept { return items_.begin(); }
    [[nodiscard]] auto end() const noexcept { return items_.end(); }
    void clear() noexcept {
        items_.clear();
        large_.clear();
        if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
        used_ = 0;
        fetched_ = 0;
    }

    // For queues.

    /// Reserves room for `items` more items with `bytes` bytes in total, each padded to 8.
    /// Throws: std::bad_alloc.
    void reserve(std::size_t items, std::size_t bytes) {
        items_.reserve(items_.size() + items);
        if (!blocks_.empty() && blocks_.back().size - used_ >= bytes) return;
        const std::size_t size = bytes > kBlockMin ? bytes : kBlockMin;
        blocks_.reserve(blocks_.size() + 1);
        blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
        used_ = 0;
    }
    /// Whether there is reserved room for an item of `bytes` bytes.
    [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
        return items_.size() < items_.capacity() && !blocks_.empty() &&
               padded(bytes) <= blocks_.back().size - used_ - pending_;
    }
    /// Adds an item whose bytes remain valid until fetch() copies them.
    void add(const MessageView& item) noexcept {
        items_.push_back(item);
        pending_ += padded(item.bytes.size());
    }
    /// Copies what was added since the last call. Returns the items.
    std::span<MessageView> fetch() noexcept {
        const std::span fresh = std::span(items_).subspan(fetched_);
        for (MessageView& item : fresh) {
            std::byte* to = blocks_.back().bytes.get() + used_;
            if (!item.bytes.empty()) std::memcpy(to, item.bytes.data(), item.bytes.size());
            used_ += padded(item.bytes.size());
            item.bytes = {to, item.bytes.size()};
        }
        pending_ = 0;
        fetched_ = items_.size();
        return fresh;
    }
    /// Reserves room for one item with memory of its own. Throws: std::bad_alloc.
    void reserve_large() {
        items_.reserve(items_.size() + 1);
        large_.reserve(large_.size() + 1);
    }
    /// Adds such an item.
    void adopt(std::unique_ptr<Message> message) noexcept {
        items_.push_back(message->view());
        large_.push_back(std::move(message));
        fetched_ = items_.size();
    }

    [[nodiscard]] static constexpr std::size_t padded(std::size_t bytes) noexcept {
        return (bytes + 7U) & ~std::size_t{7};
    }

  private:
    struct Block {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t size = 0;
    };
    static constexpr std::size_t kBlockMin = 4096;

    std::vector<MessageView> items_;
    std::vector<Block> blocks_;  // the last one is being filled
    std::vector<std::unique_ptr<Message>> large_;
    std::size_t used_ = 0;     // bytes of the last block
    std::size_t pending_ = 0;  // bytes that the items that are not fetched yet will need there
    std::size_t fetched_ = 0;  // how many items have been fetched
};

}  // namespace procession::inline v0
