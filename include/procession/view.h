// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "procession/detail/byte_view.h"

namespace procession::inline v0 {

/// An array that was taken from a queue, in the queue's memory: see borrow() of Queue<U[]> and
/// JoinableQueue<U[]>. In a plain queue, the memory goes back to the queue when the view is
/// destroyed; in a joinable one, when the lease ends, after which the view must not be used.
///
/// The array is in memory that other processes can write. A correct process does not change an
/// array after it has put it into the queue.
///
/// Move-only. Other operations on the queue may happen meanwhile, and several views may end in any
/// order.
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

}  // namespace procession::inline v0
