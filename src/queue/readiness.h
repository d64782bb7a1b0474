// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "base/fork_local.h"
#include "os/event.h"
#include "procession/ready_handle.h"

namespace procession::queue {

class Core;

/// Keeps an event set while a queue may have something for this process: see ReadyHandle.
///
/// Mechanism: a thread waits at the queue's bell until the condition holds, sets the event, passes
/// the wake-up on, and sleeps until a call of this process has found nothing. Then the event is
/// cleared and the thread looks again, from the beginning: an item or room that came meanwhile is
/// never missed.
///
/// Invariants:
///   1. The event is set if and only if `is_set_`, except under the mutex.
/// Threads: any.
class Readiness {
  public:
    /// Throws: OSError.
    Readiness(std::shared_ptr<Core> core, Ready what);
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    /// A call of this process has found nothing.
    /// `bytes`: the size that found no room.
    void found_nothing(std::uint64_t bytes) noexcept;
    [[nodiscard]] os::NativeHandle native() const noexcept { return event_.native(); }

  private:
    void watch() noexcept;

    const std::shared_ptr<Core> core_;
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

}  // namespace procession::queue
