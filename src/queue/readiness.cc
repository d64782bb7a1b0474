// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/readiness.h"

#include <system_error>
#include <utility>

#include "os/signals.h"
#include "procession/error.h"
#include "queue/core.h"

namespace procession::queue {

Readiness::Readiness(std::shared_ptr<Core> core, Ready what)
    : core_(std::move(core)), what_(what), forks_(core_->forks()) {
    if (const std::error_code failed = event_.open()) {
        throw OSError(failed, "ready_handle", core_->label(),
                      "cannot make an event; are too many files open?");
    }
    const os::SignalsBlocked for_the_watcher;  // signals are for the program's threads
    try {
        *watcher_ = std::thread([this] { watch(); });
    } catch (const std::system_error& failed) {
        throw OSError(failed.code(), "ready_handle", core_->label(),
                      "cannot start the thread that waits");
    }
}

Readiness::~Readiness() {
    if (core_->forks() != forks_ || core_->is_unprepared_child()) {
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
    core_->wake_watchers(what_);
    if (core_->is_ending()) {
        watcher_->detach();  // it waits for the end of the process
    } else {
        watcher_->join();
    }
}

void Readiness::found_nothing(std::uint64_t bytes) noexcept {
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
        const bool goes_on = core_->watch_until_ready(what_, bytes, stop_);
        lock.lock();
        if (stop_.load()) return;
        event_.set();
        is_set_ = true;
        if (!goes_on) return;  // the next call gets the reason
        changed_->wait(lock, [this] { return !is_set_ || stop_.load(); });
    }
}

}  // namespace procession::queue

namespace procession {

NativeHandle ReadyHandle::native_handle() const noexcept { return readiness_->native(); }

}  // namespace procession
