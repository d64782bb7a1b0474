// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Operations that do not end in the usual way: requests of a signal handler that has interrupted
// one, the repair after one that was cut short (by longjmp, by the end of its thread), and threads
// that are at work while the process ends.
//
// An operation that was cut short may have left anything half done, under any lock of the queue. So
// the process leaves the queue as if it had died: it gives up its byte lock, others repair, and its
// next operation joins as a new participant. Before that, no other thread of it may be at work
// there: they leave at their next look at `gate_`, wait, and begin again.

#include <atomic>
#include <chrono>
#include <mutex>

#include "base/exit.h"
#include "base/logging.h"
#include "os/futex.h"
#include "queue/core_impl.h"

namespace procession::queue {

namespace {

using namespace std::chrono_literals;

// For threads that are at work while the process leaves the queue, or ends.
constexpr auto kPatience = 1s;

constexpr std::uint32_t kAnyShutdownAsked = kShutdownAsked | kShutdownNowAsked;

// Queues that were still in use when the last handle was destroyed. Never destroyed; the list keeps
// them reachable.
constinit std::atomic<Core*> kept{nullptr};

}  // namespace

// The last handle is gone. A thread may still be at work in the queue: a static queue is destroyed
// when main() has returned, or when a signal handler has called exit(). Then the object stays, and
// each thread that comes to it waits for the end of the process, as in Python.
void Core::release(Core* core) noexcept {
    const bool is_in_use = shm::OperationGuard::is_inside(core) || base::is_exiting() ||
                           shm::OperationGuard::others_inside(core);
    if (!is_in_use) {
        delete core;
        return;
    }
    core->next_kept_ = kept.load();
    while (!kept.compare_exchange_weak(core->next_kept_, core)) {}
    core->leave_at_the_end();
}

void Core::wait_for_the_end() noexcept {
    base::LogHold::flush();
    for (std::atomic<std::uint32_t> never{0};;) os::futex_wait(never, 0, std::chrono::hours(1));
}

void Core::refuse_reentry(std::string_view operation) const {
    throw ValueError(operation, label(),
                     "it is called from inside itself: this thread is in the middle of an "
                     "operation on the queue, which a signal handler has interrupted or longjmp "
                     "has left; a handler may call shutdown(), or set a flag");
}

void Core::begin_operation(std::string_view operation, bool is_nested) {
    if (is_nested) refuse_reentry(operation);
    // relaxed: once is enough, and twice does no harm
    if (!is_exit_watched_.load(std::memory_order_relaxed)) [[unlikely]] {
        is_exit_watched_.store(true, std::memory_order_relaxed);
        base::watch_exit();
    }
    check_open(operation);
    do_what_was_asked();
    // This process repairs its own remains: no other one needs to wait for that, and this operation
    // comes after the repair.
    if (is_repair_due_.load(std::memory_order_relaxed) && is_repair_due_.exchange(false)) {
        delete forgotten_books_.exchange(nullptr);
        notice_deaths_within(self().slot);
    }
}

// shutdown() in a signal handler that has interrupted an operation of this very thread. Only
// async-signal-safe calls: the lock is taken if it is free, otherwise the interrupted operation
// shuts down when it ends or wakes.
void Core::shutdown_from_inside(bool immediate) noexcept {
    const std::uint32_t slot = participants_.slot();
    bool is_done = false;
    if (slot != shm::ParticipantTable::kNone && is_usable() && !immediate) {
        shm::RobustLock lock(state_.tail_lock, participants_.owner_token(slot));
        is_done = lock.try_acquire();
        if (is_done) {
            // Another value is corrupt, which the next operation finds.
            const bool is_known = state_.shutdown.load(std::memory_order_relaxed) <= kImmediate;
            if (is_known) store_shutdown(false);
            lock.release();
        }
    }
    if (!is_done) gate_.fetch_or(immediate ? kShutdownNowAsked : kShutdownAsked);
    wake_everybody();
}

// Within an operation, under no lock.
void Core::do_what_was_asked() {
    if ((gate_.load(std::memory_order_relaxed) & kAnyShutdownAsked) == 0) return;
    const std::uint32_t asked = gate_.fetch_and(~kAnyShutdownAsked) & kAnyShutdownAsked;
    if (asked == 0) return;
    try {
        shut_down((asked & kShutdownNowAsked) != 0);
    } catch (const std::exception&) {  // a participant is stopped: at the next operation
        gate_.fetch_or(asked);
        throw;
    }
}

// An operation of this thread has ended while `gate_` was not 0.
void Core::after_leaving() noexcept {
    left_.fetch_add(1);
    os::futex_wake(left_, INT32_MAX);
    if (shm::OperationGuard::is_inside(this)) return;
    const std::uint32_t asked = gate_.fetch_and(~kAnyShutdownAsked) & kAnyShutdownAsked;
    if (asked == 0) return;
    try {
        guarded("shutdown", [&] { shut_down((asked & kShutdownNowAsked) != 0); });
    } catch (const std::exception& failed) {
        gate_.fetch_or(asked);
        base::log(LogLevel::warning, "the shutdown that a signal handler asked for waits: %s",
                  failed.what());
    }
}

// Called where it is noticed that one was cut short, or at the end of the thread. The queue's locks
// may still be held: nothing that is called here takes one of them, or allocates memory.
void Core::operation_cut_short() noexcept {
    gate_.fetch_or(kCutShort);
    static_cast<void>(leave_as_if_killed());
}

void Core::Closing::operation_cut_short() noexcept {
    core.coming_back_.reset_after_fork();  // this thread may have held it
    core.operation_cut_short();
}

bool Core::wait_until_alone(Deadline deadline) noexcept {
    // This process's own sleepers see the gate; then those that are inside leave.
    wake_everybody();
    for (;;) {
        const std::uint32_t left = left_.load();
        const bool others_work = shm::OperationGuard::others_inside(this) ||
                                 shm::OperationGuard::others_inside(&closing_);
        if (!others_work) return true;
        if (deadline.has_passed()) return false;
        os::futex_wait(left_, left, 10ms);
    }
}

// False when it cannot be done yet.
bool Core::leave_as_if_killed() noexcept {
    const Deadline deadline(kPatience);
    std::unique_lock one_at_a_time(coming_back_, std::defer_lock);
    while (!one_at_a_time.try_lock()) {
        if (deadline.has_passed()) return false;
        os::yield();
    }
    if ((gate_.load() & kCutShort) == 0 || has_no_memory_.load()) return true;
    // What this process may write to at any time must stay its own.
    if (!wait_until_alone(deadline) || loans_.load() != 0 || views_.load() != 0) return false;
    participants_.leave_as_if_killed();
    LeaseBooks* const books = lease_books_.if_made();
    forget_own_state();
    // Not freed here: a signal handler that has called exit() may have interrupted malloc.
    if (books != nullptr) forgotten_books_.store(books);
    is_repair_due_.store(true);
    gate_.fetch_and(~kCutShort);
    wake_everybody();
    one_at_a_time.unlock();
    base::log(
        LogLevel::warning,
        "%s: an operation was cut short (longjmp, the end of its thread, or exit() in a signal "
        "handler): this process leaves the queue as if it had died; its leases are given back",
        label().c_str());
    return true;
}

// Under no lock, before the operation that has noticed it begins again.
void Core::come_back(std::string_view operation) {
    if (leave_as_if_killed()) return;
    throw ProcessError({}, operation, label(),
                       "an operation of this process on the queue was cut short (longjmp, the end "
                       "of its thread, or exit() in a signal handler), and the process cannot "
                       "leave the queue yet: end its "
                       "loans and views, and what its other threads do there");
}

// In the middle of a wait, under no lock.
void Core::hand_over_log() {
    if (!base::LogHold::has_lines()) return;
    const std::uint32_t generation = participants_.generation();
    {
        const shm::OperationPause outside;
        base::LogHold::flush();
    }
    check_open("wait");
    if (participants_.generation() != generation) throw CutShort();
}

}  // namespace procession::queue
