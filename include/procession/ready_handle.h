// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "procession/export.h"
#include "procession/native_handle.h"

namespace procession::inline v0 {

namespace detail::queue {
class Readiness;
}

/// What a ReadyHandle reports.
enum class Ready : std::uint8_t {
    items,  // a get may find an item
    room,   // a put may find room
};

/// A descriptor for poll(), epoll, asio and other event loops. It is readable when a non-blocking
/// call on the queue may succeed, or would report something else (ShutDown, ClosedError).
///
/// It is level-triggered: it stays readable until such a call in this process finds nothing (no
/// item, no room), and becomes readable again when that changes. So a loop may make one call for
/// each event, or make calls until one finds nothing; with EPOLLET, it must do the latter. A call
/// may find nothing although there was an event, because another process was faster. Do not read
/// from it, and do not close it.
///
/// After shutdown(), when all items are taken, it stays readable: a call returns shut_down or
/// throws ShutDown. A loop must check for that and stop watching, or it would spin.
///
/// Whatever other processes do, even if they die, no event is lost, and no false event stays.
/// While a ReadyHandle exists, a thread of this process waits in the queue like any other waiter,
/// and passes on the wake-ups that it gets, since it takes no items. A queue without a ReadyHandle
/// has no such cost.
///
/// Copies refer to the same descriptor. When the last one is destroyed, the thread ends.
/// Threads: any.   Fork: the child's copy does not work; the child must make its own.
class PROCESSION_EXPORT ReadyHandle {
  public:
    /// On Linux an eventfd. Valid until the last copy of this object is destroyed.
    [[nodiscard]] NativeHandle native_handle() const noexcept;

    /// Whether they are copies of one another.
    friend bool operator==(const ReadyHandle&, const ReadyHandle&) = default;

  private:
    friend class ByteQueue;
    friend class KeptReadyHandle;
    explicit ReadyHandle(std::shared_ptr<detail::queue::Readiness> readiness)
        : readiness_(std::move(readiness)) {}

    std::shared_ptr<detail::queue::Readiness> readiness_;
};

/// Keeps the ReadyHandle that was last given to keep(). A copy of this object is empty.
///
/// Threads: any. A call of keep() during another one does nothing, instead of waiting: in a fork
/// child it might wait for ever.
class PROCESSION_EXPORT KeptReadyHandle {
  public:
    KeptReadyHandle() = default;
    KeptReadyHandle(const KeptReadyHandle&) noexcept {}
    KeptReadyHandle(KeptReadyHandle&& other) noexcept : kept_(std::move(other.kept_)) {}
    KeptReadyHandle& operator=(const KeptReadyHandle& other) noexcept {
        if (this != &other) kept_.reset();
        return *this;
    }
    KeptReadyHandle& operator=(KeptReadyHandle&& other) noexcept {
        if (this != &other) kept_ = std::move(other.kept_);
        return *this;
    }
    ~KeptReadyHandle() = default;

    void keep(ReadyHandle ready) noexcept;

    friend bool operator==(const KeptReadyHandle&, const KeptReadyHandle&) { return true; }

  private:
    std::atomic_flag busy_;
    std::shared_ptr<detail::queue::Readiness> kept_;
};

}  // namespace procession::inline v0
