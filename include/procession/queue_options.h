// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace procession::inline v0 {

/// Whether the items of a queue are leased to their consumers until they are done.
enum class QueueKind : std::uint32_t { plain = 1, joinable = 2 };

/// What happens to an item of a JoinableQueue if an exception leaves the scope of its Lease, or if
/// the lease is destroyed without done().
enum class OnException : std::uint8_t { give_back, dead_letter };

/// The options of a new queue. The limits are independent of each other.
struct QueueOptions {
    /// How many items may wait in the queue; put() waits while there are as many. 0 means no limit.
    /// Python: maxsize.
    std::size_t maxsize = 0;
    /// How many bytes (encoded) may wait in the queue; put() waits for room. 0 means no limit.
    std::uint64_t max_bytes = 0;
    /// How many bytes of shared memory the queue may use, at least 128 KiB. The queue grows on
    /// demand, and on Linux returns memory that it no longer needs. When the limit is reached,
    /// put() throws MemoryError instead of waiting. 0 means 4 GiB; or, if the address space of this
    /// process is limited (ulimit -v), a 2048th of it, but at least 512 KiB: every process maps the
    /// whole limit.
    std::uint64_t memory_limit = 0;
    /// How often an item of a JoinableQueue is delivered before it goes to the dead letters; at
    /// least 1.
    std::uint32_t max_deliveries = 16;
    OnException on_exception = OnException::give_back;
    /// For logs and errors. At most 63 bytes; otherwise a ValueError.
    std::string name = {};
};

/// A number of things: an integer, but no character and no bool.
template <class T>
concept Count = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// Default options except for `maxsize`. As in Python, a negative one means no limit.
template <Count Number>
[[nodiscard]] QueueOptions with_maxsize(Number maxsize) {
    QueueOptions options;
    if (std::cmp_greater(maxsize, 0)) options.maxsize = static_cast<std::size_t>(maxsize);
    return options;
}

}  // namespace procession::inline v0
