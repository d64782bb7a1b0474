// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "procession/detail/array_queue.h"
#include "procession/detail/queue_iterator.h"
#include "procession/joinable_queue.h"

namespace procession::inline v0 {

/// A joinable queue of arrays of U.
template <class U>
class JoinableQueue<U[]> : public ArrayQueue<U> {
  public:
    JoinableQueue() : JoinableQueue(QueueOptions{}) {}
    /// A queue in which at most `maxsize` items wait; 0 means no limit.
    template <std::integral Number>
    explicit JoinableQueue(Number maxsize) : JoinableQueue(with_maxsize(maxsize)) {}
    template <std::same_as<QueueOptions> Options>
    explicit JoinableQueue(const Options& options) : ArrayQueue<U>(QueueKind::joinable, options) {}

    /// Takes the oldest array, as a lease of a copy. Otherwise as JoinableQueue<T>::get().
    Lease<std::vector<U>> get(Deadline deadline = Deadline::never()) const {
        ByteView item = this->borrow_bytes(deadline, "get");
        const Ticket ticket = item.ticket();
        return Lease<std::vector<U>>(this->bytes_, ticket, this->copy_of(item));
    }
    /// Takes the oldest array, as a lease of a view of the queue's memory. The view is valid until
    /// the lease ends.
    Lease<View<U>> borrow(Deadline deadline = Deadline::never()) const {
        return lease_of(this->borrow_bytes(deadline, "borrow"));
    }
    /// Returns: the lease, or timed_out | shut_down.
    [[nodiscard]] Result<Lease<View<U>>, GetError> try_borrow(
        Deadline deadline = Deadline::now()) const {
        ByteView item;
        const auto got = this->bytes_.try_borrow(item, deadline);
        if (!got.has_value()) return got.error();
        this->check_array(item.view());
        return lease_of(std::move(item));
    }

    /// As those of JoinableQueue<T>.
    void task_done() const { this->bytes_.task_done(); }
    bool join(Deadline deadline = Deadline::never()) const { return this->bytes_.join(deadline); }
    [[nodiscard]] std::size_t unfinished() const {
        return static_cast<std::size_t>(this->bytes_.unfinished());
    }

    /// for (auto task : queue): leases of views until shutdown.
    [[nodiscard]] auto begin() const { return QueueIterator<JoinableQueue, Lease<View<U>>>(*this); }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  private:
    friend struct Codec<JoinableQueue<U[]>>;
    friend class QueueIterator<JoinableQueue, Lease<View<U>>>;
    explicit JoinableQueue(ByteQueue bytes) : ArrayQueue<U>(std::move(bytes)) {}

    Lease<View<U>> lease_of(ByteView item) const {
        const Ticket ticket = item.ticket();
        return Lease<View<U>>(this->bytes_, ticket, View<U>(std::move(item)));
    }
    void take_next(std::optional<Lease<View<U>>>& item) const {
        auto taken = try_borrow(Deadline::never());
        if (taken.has_value()) item.emplace(std::move(*taken));
    }
};

}  // namespace procession::inline v0
