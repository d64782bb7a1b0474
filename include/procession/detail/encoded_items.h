// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

#include "procession/byte_queue.h"
#include "procession/export.h"

namespace procession::inline v0::detail {

/// Items with handles, encoded one by one and put together.
class PROCESSION_EXPORT EncodedItems {
  public:
    EncodedItems();
    ~EncodedItems();
    EncodedItems(const EncodedItems&) = delete;
    EncodedItems& operator=(const EncodedItems&) = delete;

    /// `encode` writes an item to the Writer that it is given, and returns the deposit of its
    /// handles.
    template <class Encode>
    void add(Encode encode) {
        Writer& item = next();
        hold(encode(item));
    }
    /// Puts them in order. Returns how many were put; the deposits of the others are released.
    [[nodiscard]] std::size_t put(const ByteQueue& queue, Deadline deadline);

  private:
    struct Items;
    [[nodiscard]] Writer& next();
    void hold(HandleDeposit deposit);

    Items* const items_;  // owned
};

}  // namespace procession::inline v0::detail
