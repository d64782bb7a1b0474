// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "procession/detail/queue_iterator.h"
#include "procession/detail/typed_queue.h"

namespace procession::inline v0 {

/// A first-in-first-out queue of values between processes. Each item is delivered at most once. If
/// a consumer dies after it has taken an item, the item is lost (see QueueStats::lost_in_hand). Use
/// JoinableQueue if no item may be lost.
///
/// See TypedQueue for put() and other functions. Python: multiprocessing.Queue
template <class T>
class Queue : public TypedQueue<T> {
  public:
    /// A queue with the default options: only QueueOptions::memory_limit bounds it.
    Queue() : Queue(QueueOptions{}) {}
    /// A queue in which at most `maxsize` items wait; 0 means no limit.
    template <Count Number>
    explicit Queue(Number maxsize) : Queue(with_maxsize(maxsize)) {}
    /// `Queue<int> q({.maxsize = 100, .name = "jobs"});`
    explicit Queue(const QueueOptions& options) : TypedQueue<T>(QueueKind::plain, options) {}

    /// Takes the oldest item.
    ///
    /// Blocks:     until there is an item, the deadline, or shutdown.
    /// Throws:     Empty at the deadline; PeerStopped instead if a process that is stopped inside
    ///             the queue (SIGSTOP, a debugger) blocked this call. ShutDown if the queue is shut
    ///             down and empty. DecodeError if the bytes are not a T; the item is then in the
    ///             dead letters. DecodeError may also report an item of an earlier get_many(); then
    ///             this call has taken nothing. std::bad_alloc or OSError if this process lacks
    ///             memory for the item or cannot open its handles; the item stays in the queue or
    ///             is in the dead letters. ClosedError.
    /// Threads:    any number, any time.   Processes: all that hold this queue.
    /// Peer dies:  a producer killed inside put() loses only its own uncommitted item.
    /// Python:     Queue.get(timeout=...)
    [[nodiscard]] T get(Deadline deadline = Deadline::never()) const {
        return get_as(deadline, "get");
    }
    /// get() that does not wait. Python: Queue.get_nowait
    [[nodiscard]] T get_nowait() const { return get_as(Deadline::now(), "get_nowait"); }
    /// Returns: the item, or timed_out | shut_down.   Throws: otherwise as get().
    [[nodiscard]] Result<T, GetError> try_get(Deadline deadline = Deadline::now()) const {
        Message message;
        const auto got = this->bytes_.try_get(message, deadline);
        if (!got.has_value()) return got.error();
        return this->decode_or_keep(message.view());
    }
    /// Waits for one item, then takes the items that are available, up to `most`. Items that cannot
    /// be decoded go to the dead letters. If at least one item was decoded, this call returns the
    /// decoded ones, and the next call of this process that would take an item of this queue takes
    /// none and throws the DecodeError. Otherwise this call throws it.
    /// Returns: the items; none only if the deadline passed or `most` is 0.
    /// Throws:  as get(), except Empty.
    [[nodiscard]] std::vector<T> get_many(std::size_t most,
                                          Deadline deadline = Deadline::never()) const {
        // A std::vector<bool> does not contain bools.
        if constexpr (TypedQueue<T>::lands_in_place && !std::same_as<T, bool>) {
            const std::size_t waiting = this->bytes_.about_waiting();
            std::vector<T> items(most < waiting ? most : waiting);
            items.resize(this->receive_many(items, deadline));
            return items;
        } else {
            return this->template take_many<T>(most, deadline, [this](const MessageView& message) {
                return this->decode_or_keep(message);
            });
        }
    }
    /// Like get_many(into.size(), deadline), but writes the items to `into`, from its beginning.
    ///
    /// Returns:    the number of items; 0 only if the deadline passed or `into` is empty.
    /// Throws:     as get(), except Empty.
    [[nodiscard]] std::size_t get_many(std::span<T> into,
                                       Deadline deadline = Deadline::never()) const {
        if constexpr (TypedQueue<T>::lands_in_place) {
            return this->receive_many(into, deadline);
        } else {
            auto items = get_many(into.size(), deadline);
            auto to = into.begin();
            for (T& item : items) *to++ = std::move(item);
            return items.size();
        }
    }

    /// for (T item : queue): until shutdown. A queue is an input range: `queue | views::take(10)`
    /// takes eleven items, since std::views::take moves on before it stops; prefer get_many().
    [[nodiscard]] auto begin() const { return QueueIterator<Queue, T>(*this); }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

    /// Attaches to a queue of another program, which may be written in another language. `file` is
    /// the queue's memory file, which that program has passed to this process; that program gets it
    /// from ByteQueue::native_handle(), or from descriptor() in Python.
    ///
    /// Throws:     TypeMismatch if the queue is of another kind, or its elements are of another
    ///             type (see ByteQueue::attach()); OSError, VersionMismatch, CorruptSegment.
    [[nodiscard]] static Queue attach(Handle file) {
        return Queue(ByteQueue::attach(std::move(file), QueueKind::plain, type_stamp<T>()));
    }

  private:
    friend struct Codec<Queue<T>>;
    friend class QueueIterator<Queue, T>;
    explicit Queue(ByteQueue bytes) : TypedQueue<T>(std::move(bytes)) {}

    T get_as(Deadline deadline, const char* operation) const {
        if constexpr (TypedQueue<T>::lands_in_place) {
            T value;  // written by the queue
            if (this->bytes_.get_raw_at_once(std::as_writable_bytes(std::span(&value, 1))))
                [[likely]] {
                if (detail::codec::is_well_formed(value)) [[likely]]
                    return value;
                return this->decode_or_keep({Format::raw, std::as_bytes(std::span(&value, 1)), {}});
            }
        }
        return this->receive(
            deadline, [&](auto result) { this->require_get(result, operation); },
            [](T&& value, const Message&) { return std::move(value); });
    }
    void take_next(std::optional<T>& item) const {
        Message message;
        const auto got = this->bytes_.try_get(message, Deadline::never());
        if (got.has_value()) item.emplace(this->decode_or_keep(message.view()));
    }
};

template <class T>
struct Codec<Queue<T>> {
    static constexpr bool is_procession_object = true;
    static constexpr std::string_view signature = "procession::Queue";
    static void encode(Writer& writer, const Queue<T>& queue) {
        queue.bytes().encode_handle(writer);
    }
    static Queue<T> decode(Reader& reader) {
        return Queue<T>(ByteQueue::decode_handle(reader, QueueKind::plain, type_stamp<T>()));
    }
};

}  // namespace procession::inline v0

#include "procession/detail/queue_of_arrays.h"  // so that the specialisation is always known
