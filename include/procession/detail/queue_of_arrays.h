// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "procession/detail/array_queue.h"
#include "procession/detail/queue_iterator.h"
#include "procession/queue.h"

namespace procession::inline v0 {

/// A queue of arrays of U. `Queue<std::byte[]>` is a queue of byte strings.
template <class U>
class Queue<U[]> : public ArrayQueue<U> {
  public:
    Queue() : Queue(QueueOptions{}) {}
    /// A queue in which at most `maxsize` items wait; 0 means no limit.
    template <Count Number>
    explicit Queue(Number maxsize) : Queue(with_maxsize(maxsize)) {}
    /// `Queue<int> q({.maxsize = 100, .name = "jobs"});`
    explicit Queue(const QueueOptions& options) : ArrayQueue<U>(QueueKind::plain, options) {}

    /// Takes the oldest array, and copies it. Otherwise as Queue<T>::get().
    [[nodiscard]] std::vector<U> get(Deadline deadline = Deadline::never()) const {
        return get_as(deadline, "get");
    }
    [[nodiscard]] std::vector<U> get_nowait() const {
        return get_as(Deadline::now(), "get_nowait");
    }
    [[nodiscard]] Result<std::vector<U>, GetError> try_get(
        Deadline deadline = Deadline::now()) const {
        ByteView item;
        const auto got = this->bytes_.try_borrow(item, deadline);
        if (!got.has_value()) return got.error();
        return this->copy_of(item.view());
    }
    /// Waits for one array, then takes those that are available, up to `most`, and copies them.
    /// Otherwise as Queue<T>::get_many().
    [[nodiscard]] std::vector<std::vector<U>> get_many(
        std::size_t most, Deadline deadline = Deadline::never()) const {
        return this->template take_many<std::vector<U>>(
            most, deadline, [this](const MessageView& item) { return this->copy_of(item); });
    }
    /// Takes the oldest array, as a view of the queue's memory.
    ///
    /// Blocks, throws, threads, processes: as get().
    /// Peer dies:  no effect. If this process dies, the memory goes back to the queue, and the item
    ///             counts as QueueStats::lost_in_hand.
    [[nodiscard]] View<U> borrow(Deadline deadline = Deadline::never()) const {
        return View<U>(this->borrow_bytes(deadline, "borrow"));
    }
    /// Returns: the view, or timed_out | shut_down.
    [[nodiscard]] Result<View<U>, GetError> try_borrow(Deadline deadline = Deadline::now()) const {
        ByteView item;
        const auto got = this->bytes_.try_borrow(item, deadline);
        if (!got.has_value()) return got.error();
        this->check_array(item.view());
        return View<U>(std::move(item));
    }

    /// `for (const View<U>& array : queue)`: until shutdown.
    [[nodiscard]] auto begin() const { return QueueIterator<Queue, View<U>>(*this); }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

    /// As Queue<T>::attach().
    [[nodiscard]] static Queue attach(Handle file) {
        return Queue(ByteQueue::attach(std::move(file), QueueKind::plain, type_stamp<U[]>()));
    }

  private:
    friend struct Codec<Queue<U[]>>;
    friend class QueueIterator<Queue, View<U>>;
    explicit Queue(ByteQueue bytes) : ArrayQueue<U>(std::move(bytes)) {}

    [[nodiscard]] std::vector<U> get_as(Deadline deadline, const char* operation) const {
        return this->copy_of(this->borrow_bytes(deadline, operation).view());
    }
    void take_next(std::optional<View<U>>& item) const {
        auto taken = try_borrow(Deadline::never());
        if (taken.has_value()) item.emplace(std::move(*taken));
    }
};

}  // namespace procession::inline v0
