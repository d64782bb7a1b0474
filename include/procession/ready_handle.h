// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

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
/// After shutdown(), once the items are taken, it stays readable for good: a call returns shut_down
/// or throws ShutDown. A loop looks at that and stops watching; one that only asks whether there
/// was an item would spin.
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

    /// Whether they are copies of one.
    friend bool operator==(const ReadyHandle&, const ReadyHandle&) = default;

  private:
    friend class ByteQueue;
    explicit ReadyHandle(std::shared_ptr<queue::Readiness> readiness)
        : readiness_(std::move(readiness)) {}

    std::shared_ptr<queue::Readiness> readiness_;
};

/// Keeps the ReadyHandle that it was given last. A copy of it keeps none.
///
/// Threads: any. A call that finds another one at work does nothing: so no fork finds it locked for
/// ever.
class KeptReadyHandle {
  public:
    KeptReadyHandle() = default;
    KeptReadyHandle(const KeptReadyHandle&) noexcept {}
    KeptReadyHandle(KeptReadyHandle&& other) noexcept
        : kept_(std::exchange(other.kept_, std::nullopt)) {}
    KeptReadyHandle& operator=(const KeptReadyHandle& other) noexcept {
        if (this != &other) kept_.reset();
        return *this;
    }
    KeptReadyHandle& operator=(KeptReadyHandle&& other) noexcept {
        if (this != &other) kept_ = std::exchange(other.kept_, std::nullopt);
        return *this;
    }
    ~KeptReadyHandle() = default;

    void keep(ReadyHandle ready) noexcept {
        // acquire, release: the next one to keep sees what this one has kept
        if (busy_.test_and_set(std::memory_order_acquire)) return;
        std::optional<ReadyHandle> before;
        if (kept_ != ready) before = std::exchange(kept_, std::move(ready));
        busy_.clear(std::memory_order_release);
    }

    friend bool operator==(const KeptReadyHandle&, const KeptReadyHandle&) { return true; }

  private:
    std::atomic_flag busy_;
    std::optional<ReadyHandle> kept_;
};

}  // namespace procession
