// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace procession::inline v0 {

/// The iterator of a range-for over a queue. Takes items until the queue is shut down and empty.
template <class Queue, class Item>
class QueueIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = Item;
    using pointer = Item*;
    using reference = Item;

    explicit QueueIterator(const Queue& queue) : queue_(&queue) { advance(); }

    /// Moves the item out, so it may be called only once per item.
    Item operator*() { return std::move(*item_); }
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
    std::optional<Item> item_;
};

}  // namespace procession::inline v0
