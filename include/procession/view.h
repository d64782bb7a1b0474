// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "procession/byte_view.h"

namespace procession {

/// An array taken from a queue, looked at where it lies: see borrow() of Queue<U[]> and
/// JoinableQueue<U[]>. A plain queue's memory goes back to the queue with the view; a joinable
/// one's with the lease, after which the view shows what comes to lie there next.
///
/// What is there was written by another process. A correct one does not touch it any more.
///
/// Move-only; may outlive other operations, and end in any order.
/// Threads: one at a time; it may be passed to another thread.
template <class U>
class View {
  public:
    explicit View(ByteView bytes) : bytes_(std::move(bytes)) {}

    [[nodiscard]] std::span<const U> span() const noexcept {
        const auto bytes = bytes_.bytes();
        return {reinterpret_cast<const U*>(bytes.data()), bytes.size() / sizeof(U)};
    }
    [[nodiscard]] const U* data() const noexcept { return span().data(); }
    [[nodiscard]] std::size_t size() const noexcept { return span().size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] const U& operator[](std::size_t i) const noexcept { return span()[i]; }
    [[nodiscard]] auto begin() const noexcept { return span().begin(); }
    [[nodiscard]] auto end() const noexcept { return span().end(); }

  private:
    ByteView bytes_;
};

}  // namespace procession
