// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "base/fork_local.h"
#include "os/event.h"
#include "procession/ready_handle.h"

namespace procession::inline v0::detail::queue {

class SharedQueue;
struct QueueMemory;

/// Keeps an event set while a queue may have something for this process: see ReadyHandle.
///
/// Mechanism: a thread waits at the queue until the condition holds, sets the event, passes the
/// wake-up on, and sleeps until a call of this process would block. Then the event is cleared and
/// the thread looks again, from the beginning: an item or room that came meanwhile is never missed.
///
/// Invariants:
///   1. The event is set if and only if `is_set_`, except under the mutex.
/// Threads: any.
class Readiness {
  public:
    /// Throws: OSError.
    Readiness(std::shared_ptr<SharedQueue> queue, Ready what);
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    /// A call of this process has found no item, or no room for `bytes`.
    void on_would_block(std::uint64_t bytes) noexcept;
    [[nodiscard]] os::NativeHandle native() const noexcept { return event_.native(); }

  private:
    void watch() noexcept;

    const std::shared_ptr<SharedQueue> queue_;
    const Ready what_;
    const std::uint32_t forks_;
    os::Event event_;
    std::mutex mutex_;
    base::ForkLocal<std::condition_variable> changed_;
    bool is_set_ = false;
    std::uint64_t wanted_bytes_ = 1;
    std::atomic<bool> stop_{false};
    base::ForkLocal<std::thread> watcher_;
};

/// The Readiness of one queue for items, and that for room: made when they are asked for, shared by
/// all handles.
///
/// Threads: any.
class Watchers {
  public:
    Watchers(SharedQueue& queue, QueueMemory& memory) : queue_(queue), memory_(memory) {}

    /// Throws: OSError.
    [[nodiscard]] std::shared_ptr<Readiness> ready(Ready what,
                                                   const std::shared_ptr<SharedQueue>& self);
    /// For a Readiness: waits until there is an item, or room for `bytes`. False: waiting is of no
    /// use any more.
    [[nodiscard]] bool watch_until_ready(Ready what, std::uint64_t bytes,
                                         const std::atomic<bool>& stop) noexcept;
    void wake(Ready what) noexcept;
    /// A call of this process has found no item, or no room for `bytes`.
    void on_would_block(Ready what, std::uint64_t bytes = 0) noexcept;
    /// In a fork child.
    void forget() noexcept;

  private:
    SharedQueue& queue_;
    QueueMemory& memory_;
    std::atomic<bool> is_watched_{false};
    base::ForkSafeMutex watching_;
    std::array<base::ForkLocal<std::weak_ptr<Readiness>>, 2> watchers_;
};

}  // namespace procession::inline v0::detail::queue
