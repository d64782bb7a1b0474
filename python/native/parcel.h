// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pickled.h"

namespace procession::python {

/// The bytes of an item of Format::buffer: a pickle with buffers out of band, or with handles.
///
///     head 24      magic 4, count of buffers 4, size of the deposit 8, size of the pickle 8
///     table        8 for each buffer: its size; the highest bit is set when it is a bytes
///     object's,
///                  the one below when it was another's that could not be written to
///     deposit   what ByteQueue::encode_item() wrote for the handles; often nothing
///     pickle       protocol 5
///     buffers      each at a multiple of 64, as arrays want it
///
/// Numbers are in the machine's byte order: no item leaves the machine.
struct ParcelPlan {
    struct Place {
        std::size_t at = 0;
        std::size_t size = 0;
        BufferSource source = BufferSource::writable;
    };
    std::size_t deposit_at = 0;
    std::size_t deposit_size = 0;
    std::size_t pickle_at = 0;
    std::size_t pickle_size = 0;
    std::vector<Place> buffers;
    std::size_t size = 0;  // of the whole item
};

/// Throws: ValueError when no item can be as large.
[[nodiscard]] ParcelPlan plan_parcel(const Pickled& pickled, std::size_t deposit_size);
/// Writes the item to `place`, which has plan.size bytes. Needs no interpreter.
void write_parcel(std::byte* place, const ParcelPlan& plan, const Pickled& pickled,
                  std::span<const std::byte> deposit) noexcept;

/// Where the parts of an item lie. Any process may have written the item.
/// Throws: DecodeError when it is no such item.
[[nodiscard]] ParcelPlan read_parcel(std::span<const std::byte> item);

}  // namespace procession::python
