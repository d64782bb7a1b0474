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
    template <Count Number>
    explicit JoinableQueue(Number maxsize) : JoinableQueue(with_maxsize(maxsize)) {}
    /// `JoinableQueue<Job> jobs({.max_deliveries = 3, .name = "jobs"});`
    explicit JoinableQueue(const QueueOptions& options)
        : ArrayQueue<U>(QueueKind::joinable, options) {}

    /// Takes the oldest array, as a lease of a copy. Otherwise as JoinableQueue<T>::get().
    Lease<std::vector<U>> get(Deadline deadline = Deadline::never()) const {
        return copy_leased(this->borrow_bytes(deadline, "get").view());
    }
    Lease<std::vector<U>> get_nowait() const {
        return copy_leased(this->borrow_bytes(Deadline::now(), "get_nowait").view());
    }
    [[nodiscard]] Result<Lease<std::vector<U>>, GetError> try_get(
        Deadline deadline = Deadline::now()) const {
        ByteView item;
        const auto got = this->bytes_.try_borrow(item, deadline);
        if (!got.has_value()) return got.error();
        return copy_leased(item.view());
    }
    /// Waits for one array, then takes those that are available, up to `most`, as leases of copies.
    /// Otherwise as JoinableQueue<T>::get_many().
    [[nodiscard]] std::vector<Lease<std::vector<U>>> get_many(
        std::size_t most, Deadline deadline = Deadline::never()) const {
        return this->template take_many<Lease<std::vector<U>>>(
            most, deadline, [this](const MessageView& item) { return copy_leased(item); });
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

    /// As JoinableQueue<T>::attach().
    [[nodiscard]] static JoinableQueue attach(Handle file) {
        return JoinableQueue(
            ByteQueue::attach(std::move(file), QueueKind::joinable, type_stamp<U[]>()));
    }

  private:
    friend struct Codec<JoinableQueue<U[]>>;
    friend class QueueIterator<JoinableQueue, Lease<View<U>>>;
    explicit JoinableQueue(ByteQueue bytes) : ArrayQueue<U>(std::move(bytes)) {}

    Lease<std::vector<U>> copy_leased(const MessageView& item) const {
        return Lease<std::vector<U>>(this->bytes_, item.ticket, this->copy_of(item));
    }
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
