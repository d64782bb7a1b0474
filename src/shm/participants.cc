// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/participants.h"

#include <chrono>

#include "shm/participant_table.h"

namespace procession::inline v0::detail::shm {

namespace {

// Fields of one participant at one time; false when there is none, or it changed meanwhile.
bool read_participant(const ParticipantSlot& from, ParticipantInfo& into) {
    // acquire: pairs with ParticipantTable::publish(), which writes the id first and the state last
    if (from.state.load(std::memory_order_acquire) != kJoined) return false;
    into.id = from.id.load(std::memory_order_acquire);
    into.pid = static_cast<int>(from.pid.load(std::memory_order_acquire));
    into.joined = Deadline::Clock::time_point(std::chrono::nanoseconds(
        static_cast<std::int64_t>(from.joined_ns.load(std::memory_order_acquire))));
    return from.id.load(std::memory_order_acquire) == into.id &&
           from.state.load(std::memory_order_acquire) == kJoined;
}

}  // namespace

std::vector<ParticipantInfo> list_participants(const Segment& segment) {
    std::vector<ParticipantInfo> found;
    for (std::uint32_t slot = 0; slot < segment.slots_used(); ++slot) {
        ParticipantInfo one;
        if (!read_participant(segment.participant(slot), one)) continue;
        one.slot = slot;
        one.is_alive = ParticipantTable::seems_locked(segment, slot);
        found.push_back(one);
    }
    // A process that has left meanwhile, or died and was repaired after, is no participant any
    // more.
    std::erase_if(found, [&](const ParticipantInfo& one) {
        ParticipantInfo now;
        return !read_participant(segment.participant(one.slot), now) || now.id != one.id;
    });
    return found;
}

}  // namespace procession::inline v0::detail::shm
