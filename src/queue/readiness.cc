// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/readiness.h"

#include <system_error>
#include <utility>

#include "os/signals.h"
#include "procession/error.h"
#include "queue/shared_queue.h"
#include "shm/wakeup_relay.h"

namespace procession::inline v0::detail::queue {

Readiness::Readiness(std::shared_ptr<SharedQueue> queue, Ready what)
    : queue_(std::move(queue)), what_(what), forks_(queue_->participant_table().forks()) {
    if (const std::error_code failed = event_.open()) {
        throw OSError(failed, "ready_handle", queue_->label(),
                      "cannot make an event; are too many files open?");
    }
    const os::SignalsBlocked for_the_watcher;  // signals are for the program's threads
    try {
        *watcher_ = std::thread([this] { watch(); });
    } catch (const std::system_error& failed) {
        throw OSError(failed.code(), "ready_handle", queue_->label(),
                      "cannot start the thread that waits");
    }
}

Readiness::~Readiness() {
    const auto& table = queue_->participant_table();
    if (table.forks() != forks_ || table.is_unprepared_child()) {
        // A fork child's copy: the thread was the parent's, and stays there.
        watcher_.reset_after_fork();
        changed_.reset_after_fork();
        return;
    }
    {
        const std::lock_guard guard(mutex_);
        stop_.store(true);
        changed_->notify_one();
    }
    queue_->watchers().wake(what_);
    if (queue_->is_exiting()) {
        watcher_->detach();  // it waits for the end of the process
    } else {
        watcher_->join();
    }
}

void Readiness::on_would_block(std::uint64_t bytes) noexcept {
    const std::lock_guard guard(mutex_);
    wanted_bytes_ = bytes;
    if (!is_set_) return;
    event_.clear();
    is_set_ = false;
    changed_->notify_one();
}

void Readiness::watch() noexcept {
    std::unique_lock lock(mutex_);
    while (!stop_.load()) {
        const std::uint64_t bytes = wanted_bytes_;
        lock.unlock();
        const bool goes_on = queue_->watchers().watch_until_ready(what_, bytes, stop_);
        lock.lock();
        if (stop_.load()) return;
        event_.set();
        is_set_ = true;
        if (!goes_on) return;  // the next call gets the reason
        changed_->wait(lock, [this] { return !is_set_ || stop_.load(); });
    }
}

std::shared_ptr<Readiness> Watchers::ready(Ready what, const std::shared_ptr<SharedQueue>& self) {
    return queue_.guarded("ready_handle", [&] {
        static_cast<void>(
            queue_.self());  // here, so that the caller is told if it cannot take part
        const std::lock_guard guard(watching_);
        auto& known = *watchers_.at(static_cast<std::size_t>(what));
        if (auto readiness = known.lock()) return readiness;
        auto fresh = std::make_shared<Readiness>(self, what);
        known = fresh;
        is_watched_.store(true);
        return fresh;
    });
}

bool Watchers::watch_until_ready(Ready what, std::uint64_t bytes,
                                 const std::atomic<bool>& stop) noexcept {
    try {
        return queue_.guarded("ready_handle", [&] {
            static_cast<void>(queue_.self());  // a participant notices deaths
            const auto is_over = [&] {
                return stop.load(std::memory_order_relaxed) || memory_.is_shut_down();
            };
            // This thread consumed a wake-up without taking anything, so pass it on.
            if (what == Ready::items) {
                const shm::WakeupRelay relay([this] { queue_.consumer().pass_on(); });
                queue_.watch(memory_.not_empty, "ready_handle",
                             [&] { return memory_.has_item_hint() || is_over(); });
            } else {
                const shm::WakeupRelay relay([this] { queue_.producer().pass_on(); });
                queue_.watch(memory_.not_full, "ready_handle",
                             [&] { return queue_.producer().has_room_hint(bytes) || is_over(); });
            }
            return !memory_.is_shut_down();
        });
    } catch (const std::exception&) {
        return false;  // the next call says what is wrong
    }
}

void Watchers::wake(Ready what) noexcept {
    const SharedQueue::Operation inside(queue_);
    if (!queue_.is_usable()) return;
    (what == Ready::items ? memory_.not_empty : memory_.not_full).notify_all();
}

void Watchers::on_would_block(Ready what, std::uint64_t bytes) noexcept {
    if (!is_watched_.load(std::memory_order_relaxed)) return;
    std::shared_ptr<Readiness> watcher;
    {
        const std::lock_guard guard(watching_);
        watcher = watchers_.at(static_cast<std::size_t>(what))->lock();
    }
    if (watcher) watcher->on_would_block(bytes);
}

void Watchers::forget() noexcept {
    watching_.reset_after_fork();
    for (auto& watcher : watchers_) watcher.reset_after_fork();
    is_watched_.store(false, std::memory_order_relaxed);
}

}  // namespace procession::inline v0::detail::queue

namespace procession::inline v0 {

NativeHandle ReadyHandle::native_handle() const noexcept { return readiness_->native(); }

void KeptReadyHandle::keep(ReadyHandle ready) noexcept {
    // acquire, release: the next keep() sees what this one stored
    if (busy_.test_and_set(std::memory_order_acquire)) return;
    std::shared_ptr<detail::queue::Readiness> before;  // ends behind the flag
    if (kept_ != ready.readiness_) before = std::exchange(kept_, std::move(ready.readiness_));
    busy_.clear(std::memory_order_release);
}

}  // namespace procession::inline v0
