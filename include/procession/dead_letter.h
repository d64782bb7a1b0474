// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "procession/codec/format.h"

namespace procession {

/// An item that could not be processed, kept for people to look at.
struct DeadLetter {
    /// The value that was put: `letter.decode<Job>()`; of a queue of arrays, a vector for
    /// `letter.decode<float[]>()`. Handles and queues in it are not kept, so it is a compile error
    /// to ask for a type that holds some.
    /// Throws: DecodeError when the bytes are no T, which is why some are here.
    template <class T>
    [[nodiscard]] auto decode() const;

    std::string reason;
    Format format = Format::raw;
    std::vector<std::byte> bytes;  // as they were put
    std::uint32_t deliveries = 0;  // how often it had been handed out
    std::uint64_t number = 0;      // counts the queue's dead letters
};

}  // namespace procession
