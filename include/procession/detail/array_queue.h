// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "procession/codec.h"
#include "procession/detail/queue_handle.h"
#include "procession/detail/ranges.h"
#include "procession/error.h"
#include "procession/loan.h"
#include "procession/view.h"

namespace procession::inline v0 {

/// The types of elements of a queue's arrays: types for which any bytes are a valid value, so that
/// they need no decoding.
template <class U>
concept ArrayElement =
    format_of<U> == Format::raw && detail::codec::Builtin<U>::any_bytes_are_one && alignof(U) <= 16;

/// The common base of Queue<U[]> and JoinableQueue<U[]>, whose items are arrays of any length.
/// Large arrays can be written and read in the queue's memory, without a copy.
template <class U>
class ArrayQueue : public QueueHandle {
    static_assert(ArrayElement<U>,
                  "the elements of Queue<U[]> must be of a trivially copyable type without bools, "
                  "aligned to at most 16 bytes");

  public:
    using value_type = U[];

    /// Appends a copy of an array. Otherwise as Queue::put().
    void put(std::span<const U> array, Deadline deadline = Deadline::never()) const {
        this->require_put(try_put(array, deadline), "put");
    }
    void put_nowait(std::span<const U> array) const {
        this->require_put(try_put(array, Deadline::now()), "put_nowait");
    }
    Result<void, PutError> try_put(std::span<const U> array,
                                   Deadline deadline = Deadline::now()) const {
        return this->bytes_.try_put({Format::raw, std::as_bytes(array)}, deadline);
    }
    /// Appends the arrays of a range in order. Otherwise as put_many() of Queue<T>.
    /// Returns: how many arrays were put.
    template <detail::InputRange Arrays>
        requires std::convertible_to<detail::ReferenceOf<Arrays>, std::span<const U>>
    std::size_t put_many(Arrays&& arrays, Deadline deadline = Deadline::never()) const {
        using Given = detail::ReferenceOf<Arrays>;
        using Array = std::remove_cvref_t<Given>;
        // Otherwise an array, or what it contains, ends when the iterator moves on.
        constexpr bool stays = (std::is_lvalue_reference_v<Given> &&
                                std::forward_iterator<detail::IteratorOf<Arrays>>) ||
                               std::same_as<Array, std::span<const U>> ||
                               std::same_as<Array, std::span<U>>;
        if constexpr (stays) {
            std::vector<Piece> pieces;
            for (auto&& array : arrays) {
                pieces.push_back({Format::raw, std::as_bytes(std::span<const U>(array))});
            }
            return this->bytes_.put_many(Pieces(pieces), deadline);
        } else {
            std::vector<Array> kept;
            for (auto&& array : arrays) kept.push_back(std::forward<Given>(array));
            return put_many(kept, deadline);
        }
    }
    /// Memory of the queue for an array of `count` elements, to be filled and published. It does
    /// not count for maxsize until it is published.
    ///
    /// Blocks:     briefly; if a process is stopped inside the queue, until it continues or dies.
    /// Throws:     MemoryError; ValueError for an array that can never fit; ClosedError.
    /// Peer dies:  no effect. If this process dies, the memory goes back to the queue.
    /// Python:     no equivalent.
    [[nodiscard]] Loan<U> loan(std::size_t count) const { return Loan<U>(this->bytes_, count); }

  protected:
    ArrayQueue(QueueKind kind, const QueueOptions& options)
        : QueueHandle(ByteQueue(kind, type_stamp<U[]>(), options)) {}
    explicit ArrayQueue(ByteQueue bytes) : QueueHandle(std::move(bytes)) {}
    ~ArrayQueue() = default;
    ArrayQueue(const ArrayQueue&) = default;
    ArrayQueue& operator=(const ArrayQueue&) = default;
    ArrayQueue(ArrayQueue&&) noexcept = default;
    ArrayQueue& operator=(ArrayQueue&&) noexcept = default;

    /// Moves an item that is not an array of U to the dead letters, and throws.
    void check_array(const MessageView& item) const {
        if (item.format == Format::raw && item.bytes.size() % sizeof(U) == 0) return;
        const std::string what =
            item.format == Format::raw
                ? std::to_string(item.bytes.size()) + " bytes are not an array of elements of " +
                      std::to_string(sizeof(U)) + " bytes"
                : "the message is in format " + std::to_string(static_cast<unsigned>(item.format)) +
                      ", not an array's bytes";
        this->bytes_.keep_undecodable(item, what);
        throw DecodeError("decode", type_signature<U[]>(), what);
    }
    [[nodiscard]] ByteView borrow_bytes(Deadline deadline, const char* operation) const {
        ByteView item;
        this->require_get(this->bytes_.try_borrow(item, deadline), operation);
        check_array(item.view());
        return item;
    }
    /// Copies an item into a vector. If there is no memory for that, calls undeliver() and throws
    /// std::bad_alloc. An item that is no array of U becomes a dead letter.
    [[nodiscard]] std::vector<U> copy_of(const MessageView& item) const {
        check_array(item);
        try {
            std::vector<U> copy(item.bytes.size() / sizeof(U));
            if (!item.bytes.empty()) std::memcpy(copy.data(), item.bytes.data(), item.bytes.size());
            return copy;
        } catch (const std::bad_alloc&) {
            this->bytes_.undeliver(item);
            throw;
        }
    }
};

}  // namespace procession::inline v0
