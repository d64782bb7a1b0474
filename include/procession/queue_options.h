// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace procession {

/// Whether the items of a queue are leased to their consumers until they are done.
enum class QueueKind : std::uint32_t { plain = 1, joinable = 2 };

/// What happens to an item of a JoinableQueue when an exception leaves the scope of its Lease, or
/// the lease is destroyed without done().
enum class OnException : std::uint8_t { give_back, dead_letter };

/// How a queue is made. Every limit is a number of its own; 0 means "no limit of this kind".
struct QueueOptions {
    /// Items that may wait in the queue; put() waits while there are as many. Python: maxsize.
    std::size_t maxsize = 0;
    /// Bytes (encoded) that may wait in the queue.
    std::uint64_t max_bytes = 0;
    /// Bytes of shared memory that the queue may grow to, 4 GiB unless stated. It takes only what
    /// it needs, growing on demand, and on Linux gives back what it no longer needs; an item beyond
    /// the limit is a MemoryError of its put().
    std::uint64_t memory_limit = std::uint64_t{4} << 30;
    /// How often an item of a JoinableQueue is handed out before it goes to the dead letters.
    std::uint32_t max_deliveries = 16;
    OnException on_exception = OnException::give_back;
    /// For logs and errors. A longer one than 63 bytes is a ValueError.
    std::string name;
};

/// Options with only `maxsize` given. As in Python, a negative one is no bound.
template <std::integral Number>
[[nodiscard]] QueueOptions with_maxsize(Number maxsize) {
    QueueOptions options;
    if (std::cmp_greater(maxsize, 0)) options.maxsize = static_cast<std::size_t>(maxsize);
    return options;
}

}  // namespace procession
