// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/step.h"
#include "os/barrier.h"
#include "os/futex.h"
#include "procession/deadline.h"
#include "shm/wait_slices.h"

namespace procession::inline v0::detail::shm {

/// How often a wait may look at what it waits for before it would have been cheaper to sleep; 0
/// where there is one processor.
[[nodiscard]] std::uint32_t turns_that_pay() noexcept;

/// Where processes sleep until something may have changed: one shared word, odd while a waiter may
/// be asleep.
///
/// Guarantee: when a condition has become true before notify(), a sleeper in wait() for that
/// condition returns true; at the latest after one slice when the notifier, or the sleeper it woke,
/// died.
///
/// Mechanism: the sleeper makes the word odd and looks at its condition again before it sleeps; the
/// notifier changes the condition, then makes the word even and wakes one sleeper. The woken
/// sleeper makes the word odd again, since others may still sleep; a process that leaves something
/// behind for another sleeper notifies again (see WakeupRelay). No sleepers are counted, so that a
/// dead one leaves nothing stale behind. The word counts the notifications: a sleeper that has
/// looked before notify() and is not yet asleep does not fall asleep, even if another sleeper has
/// made the word odd again meanwhile.
class EventCount {
  public:
    explicit EventCount(std::atomic<std::uint32_t>& word) : word_(word) {}

    /// Whether there may be a sleeper: a look that costs nothing. To be called after the change, as
    /// notify().
    [[nodiscard]] bool may_have_waiters() const noexcept { return (look_after_change() & 1U) != 0; }
    /// To be called after the change, which is a sequentially consistent exchange, or is followed
    /// by one (RobustLock::release). `sleepers`: how many of them find what they wait for.
    void notify(std::size_t sleepers = 1) noexcept {
        std::uint32_t seen = look_after_change();
        if ((seen & 1U) == 0) return;
        PROCESSION_STEP("event_count.seen");
        // If this fails, another caller has notified since.
        if (word_.compare_exchange_strong(seen, seen + 1, std::memory_order_acq_rel)) {
            PROCESSION_STEP("event_count.taken");
            os::futex_wake(word_, static_cast<int>(std::min<std::size_t>(sleepers, INT32_MAX)));
        }
    }
    void notify_all() noexcept {
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        while (!word_.compare_exchange_weak(seen, (seen | 1U) + 1, std::memory_order_acq_rel)) {}
        PROCESSION_STEP("event_count.cleared");
        os::futex_wake(word_, INT32_MAX);
    }

    /// Waits until `ready()`; calls `nap()` after each slice without a wake-up (to look for
    /// deaths). Returns false when the deadline passed first, or a signal came in a WaitInParts.
    template <class Ready, class Nap>
    [[nodiscard]] bool wait(Deadline deadline, Ready ready, Nap nap) {
        return spin(1, ready, ready) || sleep(deadline, ready, nap);
    }
    /// wait() for a caller in no hurry. It polls rarely, since each look takes a cache line from
    /// the threads that work there; and it polls `eager()`, which is better than ready(), at first.
    template <class Ready, class Nap, class Eager>
    [[nodiscard]] bool wait(Deadline deadline, Ready ready, Nap nap, Eager eager) {
        return spin(kRarely, ready, eager) || sleep(deadline, ready, nap);
    }
    /// wait() without polling first.
    template <class Ready, class Nap>
    [[nodiscard]] bool sleep(Deadline deadline, Ready ready, Nap nap) {
        WaitSlices own;
        WaitInParts* const parts = WaitInParts::current();
        WaitSlices& slices = parts != nullptr ? parts->slices() : own;
        for (;;) {
            const std::uint32_t armed = word_.fetch_or(1U, std::memory_order_relaxed) | 1U;
            // Pairs with look_after_change(): either the notifier sees the word odd, or ready()
            // sees what the notifier has changed.
            std::atomic_thread_fence(std::memory_order_seq_cst);
            PROCESSION_STEP("event_count.armed");
            if (ready()) return true;
            if (deadline.expired()) return false;
            const os::FutexResult parked =
                os::futex_wait(word_, armed, std::min(slices.length(), deadline.remaining()));
            if (parked == os::FutexResult::timed_out) {
                nap();
                slices.passed();
            }
            PROCESSION_STEP("event_count.woken");
            if (parked == os::FutexResult::interrupted && parts != nullptr) return ready();
        }
    }

  private:
    // The word, read after the change that the caller has made.
    [[nodiscard]] std::uint32_t look_after_change() const noexcept {
        // Pairs with the fence of a sleeper, between its making the word odd and its look at the
        // condition. The notifier's exchange alone orders nothing here outside of x86: it is
        // neither a fence nor an access to this word.
        os::fence_after_rmw();
        return word_.load(std::memory_order_relaxed);  // relaxed: the fence orders it
    }

    // Polling pays when the other side answers sooner than a sleeper on another processor can be
    // woken. So the budget learns: full after a success, halved after a failure; when it is used
    // up, every 32nd wait tries again. relaxed: hints of this process.
    template <class Ready, class Eager>
    [[nodiscard]] bool spin(std::uint32_t pauses, Ready ready, Eager eager) {
        const std::uint32_t most = turns_that_pay();
        if (most == 0) return false;
        std::uint32_t turns = std::min(budget_.load(std::memory_order_relaxed), most);
        const bool probe = turns == 0;
        if (probe) {
            if (skipped_.fetch_add(1, std::memory_order_relaxed) % kProbeEvery != 0) return false;
            turns = most;
        }
        const std::uint32_t eager_turns = turns - turns / 4;
        for (std::uint32_t turn = 0; turn < turns; turn += pauses) {
            if (turn < eager_turns ? eager() : ready()) {
                budget_.store(most, std::memory_order_relaxed);
                return true;
            }
            for (std::uint32_t i = 0; i < pauses; ++i) os::pause();
        }
        const std::uint32_t left = probe || turns / 2 < kLeastTurns ? 0 : turns / 2;
        budget_.store(left, std::memory_order_relaxed);
        return false;
    }

    static constexpr std::uint32_t kLeastTurns = 25;
    static constexpr std::uint32_t kProbeEvery = 32;
    static constexpr std::uint32_t kRarely = 8;

    std::atomic<std::uint32_t>& word_;
    // Local to this process.
    std::atomic<std::uint32_t> budget_{UINT32_MAX};
    std::atomic<std::uint32_t> skipped_{0};
};

}  // namespace procession::inline v0::detail::shm
