// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/encoded_items.h"

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace procession::inline v0::detail {

struct EncodedItems::Items {
    std::deque<Writer> encoded;  // whose elements do not move
    std::vector<HandleDeposit> deposits;
};

EncodedItems::EncodedItems() : items_(new Items) {}
EncodedItems::~EncodedItems() { delete items_; }

Writer& EncodedItems::next() { return items_->encoded.emplace_back(); }

void EncodedItems::hold(HandleDeposit deposit) { items_->deposits.push_back(std::move(deposit)); }

std::size_t EncodedItems::put(const ByteQueue& queue, Deadline deadline) {
    std::vector<Piece> pieces;
    pieces.reserve(items_->encoded.size());
    for (const Writer& item : items_->encoded) pieces.push_back({Format::msgpack, item.bytes()});
    const std::size_t put = queue.put_many(Pieces(pieces), deadline);
    for (std::size_t i = 0; i < put; ++i) items_->deposits[i].leave_to_item();
    return put;
}

}  // namespace procession::inline v0::detail
