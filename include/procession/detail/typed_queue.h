// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "procession/codec.h"
#include "procession/detail/encoded_items.h"
#include "procession/detail/queue_handle.h"
#include "procession/detail/ranges.h"
#include "procession/error.h"

namespace procession::inline v0 {

/// The common base of Queue<T> and JoinableQueue<T>, with the functions of producers.
///
/// Guarantees (see also each function):
///   - When put() returns, the item is in shared memory and visible to every consumer, whatever
///     happens to this process next. There is no feeder thread.
///   - First in, first out, over all producers.
///   - Any participant may be killed at any instruction: no item that is in the queue is lost, and
///     no other process hangs. (For an item that the killed process had taken, see Queue and
///     JoinableQueue.)
template <class T>
class TypedQueue : public QueueHandle {
  public:
    using value_type = T;

    /// Appends a value.
    ///
    /// Blocks:     while the queue is full, until `deadline`.
    /// Throws:     Full at the deadline; PeerStopped instead if a process that is stopped inside
    ///             the queue (SIGSTOP, a debugger) blocked this call. ShutDown. EncodeError.
    ///             MemoryError. ValueError for an item that can never fit. SharingError or OSError
    ///             if handles in the value cannot be passed on. ClosedError. After an exception the
    ///             value is not in the queue.
    /// Threads:    any number, any time.   Processes: all that hold this queue.
    /// Peer dies:  no effect. If this process dies in put(), the whole item is in the queue, or it
    ///             never existed.
    /// Python:     Queue.put(obj, timeout=...)
    void put(const T& value, Deadline deadline = Deadline::never()) const {
        require_put(try_put(value, deadline), "put");
    }
    /// put() that does not wait. Python: Queue.put_nowait
    void put_nowait(const T& value) const {
        require_put(try_put(value, Deadline::now()), "put_nowait");
    }
    /// Like put(), but by default does not wait, and returns timed_out or shut_down instead of
    /// throwing Full or ShutDown.
    /// Returns: nothing, or timed_out | shut_down.   Throws: otherwise as put().
    Result<void, PutError> try_put(const T& value, Deadline deadline = Deadline::now()) const {
        if constexpr (format_of<T> == Format::raw) {
            return bytes_.try_put({Format::raw, std::as_bytes(std::span(&value, 1))}, deadline);
        } else if constexpr (holds_procession_object<T>) {
            Writer item;
            HandleDeposit deposit = encode_with_handles(value, item);
            const auto result = bytes_.try_put({Format::msgpack, item.bytes()}, deadline);
            if (result.has_value()) deposit.leave_to_item();
            return result;
        } else {
            Writer scratch;
            Format format = Format::raw;
            const auto bytes = encode_message(value, scratch, format);
            return bytes_.try_put({format, bytes}, deadline);
        }
    }
    /// Appends the values of a range in order. Items of other producers may come between them, if
    /// the queue becomes full or a value has more than 4096 bytes (encoded).
    ///
    /// Returns:    how many values were put. Fewer than all only if the deadline passed (perhaps
    ///             0), or if the queue was shut down or an error occurred after the first value:
    ///             the next call then throws that error.
    /// Throws:     as put(), except Full, and only if no value was put.
    template <detail::InputRange Values>
        requires std::convertible_to<detail::ReferenceOf<Values>, const T&>
    std::size_t put_many(Values&& values, Deadline deadline = Deadline::never()) const {
        using Given = detail::ReferenceOf<Values>;
        // The memory of the values is the items' bytes.
        if constexpr (format_of<T> == Format::raw && detail::SizedRange<Values> &&
                      std::contiguous_iterator<detail::IteratorOf<Values>> &&
                      std::same_as<std::remove_cvref_t<Given>, T>) {
            const std::span<const T> items(std::ranges::data(values), std::ranges::size(values));
            return bytes_.put_many(Pieces(std::as_bytes(items), sizeof(T)), deadline);
        } else {
            return put_each(std::forward<Values>(values), deadline);
        }
    }

    /// put_many({1, 2, 3})
    std::size_t put_many(std::initializer_list<T> values,
                         Deadline deadline = Deadline::never()) const {
        return put_many(std::span<const T>(values.begin(), values.size()), deadline);
    }

    friend bool operator==(const TypedQueue&, const TypedQueue&) = default;

  protected:
    // A std::vector<bool> does not contain bools.
    struct Kept {
        T value;
    };

    TypedQueue(QueueKind kind, const QueueOptions& options)
        : QueueHandle(ByteQueue(kind, type_stamp<T>(), options)) {}
    explicit TypedQueue(ByteQueue bytes) : QueueHandle(std::move(bytes)) {}
    ~TypedQueue() = default;
    TypedQueue(const TypedQueue&) = default;
    TypedQueue& operator=(const TypedQueue&) = default;
    TypedQueue(TypedQueue&&) noexcept = default;
    TypedQueue& operator=(TypedQueue&&) noexcept = default;

    template <class Values>
    std::size_t put_each(Values&& values, Deadline deadline) const {
        if constexpr (holds_procession_object<T>) {
            return put_each_with_handles(std::forward<Values>(values), deadline);
        } else if constexpr (format_of<T> == Format::raw) {
            std::vector<Kept> kept;
            if constexpr (detail::SizedRange<Values>) kept.reserve(std::ranges::size(values));
            for (auto&& value : values) kept.push_back({static_cast<const T&>(value)});
            return bytes_.put_many(Pieces(std::as_bytes(std::span(kept)), sizeof(T)), deadline);
        } else {
            Writer encoded;
            std::vector<std::size_t> ends;
            if constexpr (detail::SizedRange<Values>) ends.reserve(std::ranges::size(values));
            for (auto&& value : values) {
                detail::codec::put<T>(encoded, value);
                ends.push_back(encoded.size());
            }
            std::vector<Piece> pieces;
            pieces.reserve(ends.size());
            for (std::size_t begin = 0; const std::size_t end : ends) {
                pieces.push_back({format_of<T>, encoded.bytes().subspan(begin, end - begin)});
                begin = end;
            }
            return bytes_.put_many(Pieces(pieces), deadline);
        }
    }
    template <class Values>
    std::size_t put_each_with_handles(Values&& values, Deadline deadline) const {
        detail::EncodedItems encoded;
        for (auto&& value : values) {
            encoded.add([&](Writer& item) { return encode_with_handles(value, item); });
        }
        return encoded.put(bytes_, deadline);
    }
    /// For a T that contains objects of this library, and is encoded in MessagePack.
    [[nodiscard]] HandleDeposit encode_with_handles(const T& value, Writer& item) const {
        return bytes_.encode_item(
            item,
            [](Writer& writer, const void* from) { encode(writer, *static_cast<const T*>(from)); },
            &value);
    }
    [[nodiscard]] T decode_item(const MessageView& message) const {
        if constexpr (holds_procession_object<T>) {
            if (message.format != Format::msgpack)
                detail::codec::refuse_format(message.format, type_signature<T>());
            std::optional<T> value;
            bytes_.decode_item(
                message,
                [](Reader& reader, void* to) {
                    static_cast<std::optional<T>*>(to)->emplace(decode<T>(reader));
                },
                &value);
            return std::move(*value);
        } else {
            return decode_message<T>(message.format, message.bytes);
        }
    }
    /// Whether the bytes of an item can be copied into a T directly.
    static constexpr bool lands_in_place =
        format_of<T> == Format::raw && std::is_trivially_default_constructible_v<T>;
    /// Whether the item was received into `value`, and is a valid T.
    [[nodiscard]] static bool has_landed(const Message& message, const T& value) {
        return message.format() == Format::raw && message.bytes().size() == sizeof(T) &&
               detail::codec::is_well_formed(value);
    }
    /// Takes an item. Calls require(the result of try_get()), which may throw, and returns
    /// use(value, message).
    template <class Require, class Use>
    auto receive(Deadline deadline, Require require, Use use) const {
        if constexpr (lands_in_place) {
            T value;  // written by the queue
            Message message(std::as_writable_bytes(std::span(&value, 1)));
            require(bytes_.try_get(message, deadline));
            if (has_landed(message, value)) [[likely]]
                return use(std::move(value), message);
            return use(decode_or_keep(message.view()), message);
        } else {
            Message message;
            require(bytes_.try_get(message, deadline));
            return use(decode_or_keep(message.view()), message);
        }
    }
    /// Takes items directly into the caller's memory, see Queue::get_many.
    [[nodiscard]] std::size_t receive_many(std::span<T> into, Deadline deadline) const {
        std::size_t got = 0;
        const auto result =
            bytes_.try_get_many_raw(std::as_writable_bytes(into), sizeof(T), got, deadline);
        if (!result.has_value() && result.error() == GetError::timed_out) return 0;
        require_get(result, "get_many");
        if (got != 0) return keep_well_formed(into.first(got));
        if (into.empty()) return 0;
        // The oldest item is not raw bytes of this size.
        Message message;
        const auto single = bytes_.try_get(message, deadline);
        if (!single.has_value() && single.error() == GetError::timed_out) return 0;
        require_get(single, "get_many");
        into.front() = decode_or_keep(message.view());
        return 1;
    }
    [[nodiscard]] std::size_t keep_well_formed(std::span<T> items) const {
        std::size_t kept = 0;
        Undecodable undecodable;
        for (T& item : items) {
            if (detail::codec::is_well_formed(item)) [[likely]] {
                if (kept != static_cast<std::size_t>(&item - items.data())) items[kept] = item;
                ++kept;
                continue;
            }
            try {
                static_cast<void>(
                    decode_or_keep({Format::raw, std::as_bytes(std::span(&item, 1)), {}}));
            } catch (const DecodeError&) {
                undecodable.add();
            }
        }
        undecodable.report(bytes_, kept != 0);
        return kept;
    }
    [[nodiscard]] T decode_or_keep(const MessageView& message) const {
        try {
            return decode_item(message);
        } catch (const DecodeError& failed) {
            bytes_.keep_undecodable(message, failed.what());
            throw;
        } catch (const std::bad_alloc&) {
            bytes_.undeliver(message);
            throw;
        } catch (const OSError& failed) {  // this process cannot open its handles; another may
            bytes_.undeliver(message, failed.what());
            throw;
        } catch (const std::exception& failed) {
            // A user's codec threw its own exception, or the handles are no longer available.
            bytes_.keep_undecodable(message, failed.what());
            throw DecodeError("decode", type_signature<T>(), failed.what());
        }
    }
};

template <class T>
auto DeadLetter::decode() const {
    static_assert(!holds_procession_object<T>,
                  "procession: a dead letter does not keep the queues and handles of its item");
    if constexpr (std::is_unbounded_array_v<T>) {
        using Element = std::remove_extent_t<T>;
        static_assert(format_of<Element> == Format::raw);
        if (format != Format::raw) detail::codec::refuse_format(format, type_signature<T>());
        if (bytes.size() % sizeof(Element) != 0) {
            throw DecodeError("decode", type_signature<T>(),
                              std::to_string(bytes.size()) + " bytes are not a multiple of " +
                                  std::to_string(sizeof(Element)));
        }
        std::vector<Element> array(bytes.size() / sizeof(Element));
        if (!bytes.empty()) std::memcpy(array.data(), bytes.data(), bytes.size());
        return array;
    } else {
        return decode_message<T>(format, bytes);
    }
}

}  // namespace procession::inline v0
