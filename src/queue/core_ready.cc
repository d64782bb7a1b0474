// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "queue/core_impl.h"
#include "queue/readiness.h"

// For event loops; see Readiness.

namespace procession::queue {

std::shared_ptr<Readiness> Core::ready(Ready what, const std::shared_ptr<Core>& self_pointer) {
    return guarded("ready_handle", [&] {
        self();  // here, so that the caller is told if it cannot take part
        const std::lock_guard guard(watching_);
        auto& known = *watchers_.at(static_cast<std::size_t>(what));
        if (auto readiness = known.lock()) return readiness;
        auto fresh = std::make_shared<Readiness>(self_pointer, what);
        known = fresh;
        is_watched_.store(true);
        return fresh;
    });
}

bool Core::watch_until_ready(Ready what, std::uint64_t bytes,
                             const std::atomic<bool>& stop) noexcept {
    try {
        return guarded("ready_handle", [&] {
            self();  // a participant notices deaths
            const auto ends = [&] { return stop.load(std::memory_order_relaxed) || is_over(); };
            const auto look_around = [this] { nap(); };
            // This thread consumes a wake-up without taking anything, so the baton passes it on.
            if (what == Ready::items) {
                const Baton baton(*this, &Core::pass_on_items);
                static_cast<void>(not_empty_.sleep(
                    Deadline::never(), [&] { return shows_an_item() || ends(); }, look_around));
            } else {
                const Baton baton(*this, &Core::pass_on_room);
                static_cast<void>(not_full_.sleep(
                    Deadline::never(), [&] { return seems_to_have_room(bytes, 1) || ends(); },
                    look_around));
            }
            do_what_was_asked();
            check_open("ready_handle");
            return state_.shutdown.load() == kOpen;
        });
    } catch (const std::exception&) {
        return false;  // the next call says what is wrong
    }
}

void Core::wake_watchers(Ready what) noexcept {
    const Inside inside(*this);
    if (is_usable()) (what == Ready::items ? not_empty_ : not_full_).notify_all();
}

void Core::found_nothing(Ready what, std::uint64_t bytes) noexcept {
    if (!is_watched_.load(std::memory_order_relaxed)) return;
    std::shared_ptr<Readiness> watcher;
    {
        const std::lock_guard guard(watching_);
        watcher = watchers_.at(static_cast<std::size_t>(what))->lock();
    }
    if (watcher) watcher->found_nothing(bytes);
}

}  // namespace procession::queue
