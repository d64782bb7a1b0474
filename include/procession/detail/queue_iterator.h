// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace procession::inline v0 {

/// The iterator of a range-for over a queue, and of std::ranges. begin() and ++ take an item, until
/// the queue is shut down and empty. As long as the iterator stands there, it has the item: what is
/// not moved out of `*it` is dropped by the next ++, and a lease is then given back.
///
/// An input iterator: one pass. Move-only if the items are.
template <class Queue, class Item>
class QueueIterator {
  public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = Item;

    explicit QueueIterator(const Queue& queue) : queue_(&queue) { advance(); }

    /// `auto item = *it;` moves the item out.
    [[nodiscard]] Item&& operator*() const noexcept { return std::move(*item_); }
    QueueIterator& operator++() {
        item_.reset();
        advance();
        return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const QueueIterator& at, std::default_sentinel_t) {
        return !at.item_.has_value();
    }

  private:
    void advance() { queue_->take_next(item_); }

    const Queue* queue_;
    mutable std::optional<Item> item_;
};

}  // namespace procession::inline v0
