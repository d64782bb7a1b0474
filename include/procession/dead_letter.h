// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "procession/detail/codec/format.h"

namespace procession::inline v0 {

/// An item that could not be processed, kept for inspection.
struct DeadLetter {
    /// The value that was put, as in `letter.decode<Job>()`. For a queue of arrays,
    /// `letter.decode<float[]>()` returns a vector. It is a compile error if T contains handles or
    /// queues, because those are not kept.
    /// Throws: DecodeError when the bytes are not a T, which may be why the item is a dead letter.
    template <class T>
    [[nodiscard]] auto decode() const;

    std::string reason;
    Format format = Format::raw;
    std::vector<std::byte> bytes;  // as they were put
    std::uint32_t deliveries = 0;  // how often the item was delivered
    std::uint64_t number = 0;      // the queue's dead letters are numbered
};

}  // namespace procession::inline v0
