// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/logging.h"
#include "queue/core_impl.h"

namespace procession::queue {

namespace {

// Fields of one participant at one time; false when there is none, or it changed meanwhile.
bool read_participant(const shm::ParticipantSlot& from, Participant& into) {
    // acquire: pairs with ParticipantTable::confirm(), which writes the id first and the state last
    if (from.state.load(std::memory_order_acquire) != shm::kJoined) return false;
    into.id = from.id.load(std::memory_order_acquire);
    into.pid = static_cast<int>(from.pid.load(std::memory_order_acquire));
    into.joined = Deadline::Clock::time_point(std::chrono::nanoseconds(
        static_cast<std::int64_t>(from.joined_ns.load(std::memory_order_acquire))));
    return from.id.load(std::memory_order_acquire) == into.id &&
           from.state.load(std::memory_order_acquire) == shm::kJoined;
}

}  // namespace

// Whether one participant has kept the lock for longer than a running one ever does.
bool Core::is_held_for_long(const std::atomic<std::uint32_t>& lock) {
    // relaxed: looks only
    const std::uint32_t first = lock.load(std::memory_order_relaxed);
    std::atomic<std::uint32_t> never_rung{0};
    for (const Deadline end = std::chrono::milliseconds(20); !end.has_passed();) {
        const std::uint32_t now = lock.load(std::memory_order_relaxed);
        const bool same = now != 0 && shm::RobustLock::token_of_owner(now) ==
                                          shm::RobustLock::token_of_owner(first);
        if (!same) return false;
        static_cast<void>(os::futex_wait(never_rung, 0, std::chrono::milliseconds(1)));
    }
    return true;
}

void Core::require_no_stopped_producer(std::string_view operation) {
    guarded(operation, [&] {
        if (seems_to_have_room(1, 1) && is_held_for_long(state_.tail_lock)) {
            refuse_to_wait(operation);
        }
    });
}

void Core::require_no_stopped_consumer(std::string_view operation) {
    guarded(operation, [&] {
        if (shows_an_item() && is_held_for_long(state_.head_lock)) refuse_to_wait(operation);
    });
}

std::vector<Participant> Core::participants() {
    return guarded("participants", [&] {
        const Actor me = self();
        std::vector<Participant> found;
        {
            acquire(state_.head_lock, me);
            const Lock lock(state_.head_lock);
            settle_head(me);
            const auto held = count_held(me);
            for (std::uint32_t slot = 0; slot < held.size(); ++slot) {
                Participant one;
                if (!read_participant(segment_.participant(slot), one)) continue;
                one.slot = slot;
                one.is_this_process = slot == me.slot;
                one.items_held = held[slot];
                found.push_back(one);
            }
        }
        // A process that has left meanwhile, or died and was repaired after, is no participant any
        // more.
        std::erase_if(found, [&](Participant& one) {
            one.is_alive = !participants_.is_dead(one.slot);
            Participant now;
            return !read_participant(segment_.participant(one.slot), now) || now.id != one.id;
        });
        return found;
    });
}

std::vector<Death> Core::deaths(std::uint64_t since) {
    return guarded("deaths", [&] { return death_log_.since(since); });
}

std::vector<Death> Core::wait_for_deaths(std::uint64_t since, Deadline deadline) {
    return guarded("wait_for_deaths", [&] {
        notice_deaths_within(self().slot);
        const auto ready = [&] {
            return death_log_.count() > since || gate_.load(std::memory_order_relaxed) != 0;
        };
        for (;;) {
            os::CancellationDisabled::act_on_request();
            static_cast<void>(death_bell_.wait(deadline, ready, [this] { nap(); }));
            const bool was_asked = gate_.load() != 0;
            do_what_was_asked();
            check_open("wait_for_deaths");
            if (!was_asked) return death_log_.since(since);
        }
    });
}

void Core::report_death(std::uint32_t dead) const {
    if (!base::logs(LogLevel::debug)) return;
    const auto last = death_log_.since(death_log_.count() - 1);
    if (last.empty()) return;
    const Death& death = last.back();
    base::log(LogLevel::debug,
              "%s: participant %llu (pid %d, slot %u) died holding %u items: %u wait again, %u are "
              "dead letters, %u dropped; %u lost in hand; inner locks:%s%s%s",
              label().c_str(), static_cast<unsigned long long>(death.id), death.pid, dead,
              death.items_held, death.redelivered, death.dead_lettered, death.dropped,
              death.lost_in_hand, death.held_producer_lock ? " producers'" : "",
              death.held_consumer_lock ? " consumers'" : "",
              death.held_memory_lock ? " memory's" : "");
}

}  // namespace procession::queue
