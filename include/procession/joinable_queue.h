// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "procession/detail/queue_iterator.h"
#include "procession/detail/typed_queue.h"
#include "procession/lease.h"

namespace procession::inline v0 {

/// A first-in-first-out queue of tasks between processes. The death of a process loses no task:
/// get() leases an item to its consumer until done(). If the lease is given back or destroyed
/// instead, or if the consumer dies, the item is put back before all younger items, and its
/// delivery count increases. A process that waits in the queue notices a death, usually within
/// 0.1 s. An item that has been delivered max_deliveries times goes to the dead letters instead
/// and counts as finished, so it cannot keep join() waiting for ever.
///
/// See TypedQueue for put() and other functions. Python: multiprocessing.JoinableQueue
template <class T>
class JoinableQueue : public TypedQueue<T> {
  public:
    /// A queue with the default options: only QueueOptions::memory_limit bounds it.
    JoinableQueue() : JoinableQueue(QueueOptions{}) {}
    /// A queue in which at most `maxsize` items wait; 0 means no limit.
    template <Count Number>
    explicit JoinableQueue(Number maxsize) : JoinableQueue(with_maxsize(maxsize)) {}
    /// `JoinableQueue<Job> jobs({.max_deliveries = 3, .name = "jobs"});`
    explicit JoinableQueue(const QueueOptions& options)
        : TypedQueue<T>(QueueKind::joinable, options) {}

    /// Takes the oldest item, as a lease.
    ///
    /// Blocks:     until there is an item, the deadline, or shutdown.
    /// Throws:     Empty at the deadline; PeerStopped instead if a process that is stopped inside
    ///             the queue (SIGSTOP, a debugger) blocked this call. ShutDown if the queue is shut
    ///             down and empty. DecodeError if the bytes are not a T; the item is then in the
    ///             dead letters and counts as finished. DecodeError may also report an item of an
    ///             earlier get_many(); then this call has taken nothing. std::bad_alloc or OSError
    ///             if this process lacks memory for the item or cannot open its handles; the item
    ///             stays in the queue. ClosedError.
    /// Threads:    any number, any time.   Processes: all that hold this queue.
    /// Peer dies:  the items that it had taken and not finished are delivered again. If the next
    ///             item is a redelivered one, and another thread of this process took one in the
    ///             last 10 s and has not finished it, get() waits until it is finished or the 10 s
    ///             are over. get_nowait() does not.
    /// Python:     JoinableQueue.get(timeout=...)
    Lease<T> get(Deadline deadline = Deadline::never()) const { return get_as(deadline, "get"); }
    /// get() that does not wait. Python: JoinableQueue.get_nowait
    Lease<T> get_nowait() const { return get_as(Deadline::now(), "get_nowait"); }
    /// Returns: the lease, or timed_out | shut_down.   Throws: otherwise as get().
    [[nodiscard]] Result<Lease<T>, GetError> try_get(Deadline deadline = Deadline::now()) const {
        Message message;
        const auto got = this->bytes_.try_get(message, deadline);
        if (!got.has_value()) return got.error();
        return lease_of(message.view());
    }
    /// Waits for one item, then takes the items that are available, up to `most`. An item that is
    /// redelivered is returned alone. Items that cannot be decoded are reported as by
    /// Queue::get_many().
    /// Returns: the leases; none only if the deadline passed or `most` is 0.
    /// Throws:  as get(), except Empty.
    [[nodiscard]] std::vector<Lease<T>> get_many(std::size_t most,
                                                 Deadline deadline = Deadline::never()) const {
        return this->template take_many<Lease<T>>(
            most, deadline, [this](const MessageView& message) { return lease_of(message); });
    }

    /// Finishes the item that this thread detached first and that is not finished (see
    /// Lease::detach()). If there is none, finishes the item of the oldest open lease that this
    /// thread took, and ends that lease. Never finishes an item that another thread took and did
    /// not pass on, even if that thread has ended. Throws: ValueError, "task_done() called too many
    /// times", when there is no such item.
    void task_done() const { this->bytes_.task_done(); }
    /// Waits until all items are finished, even if consumers die meanwhile.
    ///
    /// Blocks:     until no item is unfinished, or the deadline.
    /// Returns:    whether all items are finished.
    /// Peer dies:  the items that it had taken are delivered to other consumers. If there is no
    ///             other consumer, join() waits until a new one has finished them.
    /// Python:     JoinableQueue.join(), which has no timeout
    bool join(Deadline deadline = Deadline::never()) const { return this->bytes_.join(deadline); }
    /// The number of items that were put and are not finished.
    [[nodiscard]] std::size_t unfinished() const {
        return static_cast<std::size_t>(this->bytes_.unfinished());
    }

    /// for (auto task : queue): leases until shutdown. An input range, as Queue<T>.
    [[nodiscard]] auto begin() const { return QueueIterator<JoinableQueue, Lease<T>>(*this); }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

    /// Attaches to a queue of another program, which may be written in another language. `file` is
    /// the queue's memory file, which that program has passed to this process; that program gets it
    /// from ByteQueue::native_handle(), or from descriptor() in Python.
    ///
    /// Throws:     TypeMismatch if the queue is of another kind, or its elements are of another
    ///             type (see ByteQueue::attach()); OSError, VersionMismatch, CorruptSegment.
    [[nodiscard]] static JoinableQueue attach(Handle file) {
        return JoinableQueue(
            ByteQueue::attach(std::move(file), QueueKind::joinable, type_stamp<T>()));
    }

  private:
    friend struct Codec<JoinableQueue<T>>;
    friend class QueueIterator<JoinableQueue, Lease<T>>;
    explicit JoinableQueue(ByteQueue bytes) : TypedQueue<T>(std::move(bytes)) {}

    Lease<T> lease_of(const MessageView& message) const {
        return lease_of(message.ticket, this->decode_or_keep(message));
    }
    Lease<T> lease_of(const Ticket& ticket, T&& value) const {
        if constexpr (std::is_nothrow_move_constructible_v<T>) {
            return Lease<T>(this->bytes_, ticket, std::move(value));
        } else {
            try {
                return Lease<T>(this->bytes_, ticket, std::move(value));
            } catch (...) {
                this->bytes_.abandon(ticket, Abandoned::by_current_exception);
                throw;
            }
        }
    }
    Lease<T> get_as(Deadline deadline, const char* operation) const {
        return this->receive(
            deadline, [&](auto result) { this->require_get(result, operation); },
            [this](T&& value, const Message& message) {
                return lease_of(message.ticket(), std::move(value));
            });
    }
    void take_next(std::optional<Lease<T>>& item) const {
        Message message;
        const auto got = this->bytes_.try_get(message, Deadline::never());
        if (got.has_value()) item.emplace(lease_of(message.view()));
    }
};

template <class T>
struct Codec<JoinableQueue<T>> {
    static constexpr bool is_procession_object = true;
    static constexpr std::string_view signature = "procession::JoinableQueue";
    static void encode(Writer& writer, const JoinableQueue<T>& queue) {
        queue.bytes().encode_handle(writer);
    }
    static JoinableQueue<T> decode(Reader& reader) {
        return JoinableQueue<T>(
            ByteQueue::decode_handle(reader, QueueKind::joinable, type_stamp<T>()));
    }
};

}  // namespace procession::inline v0

// So that the specialisation is always known.
#include "procession/detail/joinable_queue_of_arrays.h"
