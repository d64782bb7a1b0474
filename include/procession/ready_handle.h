// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "procession/native_handle.h"

namespace procession {

namespace queue {
class Readiness;
}

/// What a ReadyHandle tells.
enum class Ready : std::uint8_t {
    items,  // a get may find an item
    room,   // a put may find room
};

/// A descriptor for poll(), epoll, asio and other event loops: readable when a call on the queue
/// that does not wait may succeed, or has something else to tell (ShutDown, ClosedError).
///
/// Level-triggered: it stays readable until such a call in this process finds nothing (no item, no
/// room), and becomes readable again when that changes. So either one call for each event, or until
/// there is nothing; with EPOLLET, always until there is nothing. Others may have been faster: an
/// event is no promise. Do not read from it, and do not close it.
///
/// What others do, their deaths included, neither loses an event nor makes one last: a thread of
/// this process, made for this, waits in the queue as any other does, and hands on what it does not
/// take. Queues without such a handle pay nothing for it.
///
/// A value: copies are the same one. The last one ends the thread.
/// Threads: any.   Fork: the child's copy is dead; it makes its own.
class ReadyHandle {
  public:
    /// On Linux an eventfd. It lives as long as the last copy of this object.
    [[nodiscard]] NativeHandle native_handle() const noexcept;

  private:
    friend class ByteQueue;
    explicit ReadyHandle(std::shared_ptr<queue::Readiness> readiness)
        : readiness_(std::move(readiness)) {}

    std::shared_ptr<queue::Readiness> readiness_;
};

}  // namespace procession
