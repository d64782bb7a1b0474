// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "schedule/names.h"

#include <cstddef>

#include "queue/state.h"
#include "shm/layout.h"

namespace procession::schedule {

namespace {

struct Named {
    std::size_t offset;
    const char* name;
};

#define PROCESSION_NAMED(field) \
    Named { offsetof(queue::State, field), #field }

// In the order of the state.
constexpr Named kNames[] = {
    PROCESSION_NAMED(maxsize),        PROCESSION_NAMED(shutdown),
    PROCESSION_NAMED(tail_lock),      PROCESSION_NAMED(tail.position),
    PROCESSION_NAMED(tail.count),     PROCESSION_NAMED(tail.bytes),
    PROCESSION_NAMED(tail.intent),    PROCESSION_NAMED(seen_taken),
    PROCESSION_NAMED(redelivered),    PROCESSION_NAMED(listing),
    PROCESSION_NAMED(head_lock),      PROCESSION_NAMED(head.position),
    PROCESSION_NAMED(head.count),     PROCESSION_NAMED(head.bytes),
    PROCESSION_NAMED(head.leaving),   PROCESSION_NAMED(returned.first),
    PROCESSION_NAMED(returned.count), PROCESSION_NAMED(returned.used),
    PROCESSION_NAMED(returned.runs),  PROCESSION_NAMED(memory_lock),
    PROCESSION_NAMED(memory_intent),  PROCESSION_NAMED(pool),
    PROCESSION_NAMED(not_empty),      PROCESSION_NAMED(not_full),
    PROCESSION_NAMED(all_done),
};

#undef PROCESSION_NAMED

std::string name_in_state(std::uint64_t offset) {
    const Named* last = &kNames[0];
    for (const Named& named : kNames) {
        if (named.offset <= offset) last = &named;
    }
    const std::uint64_t beyond = offset - last->offset;
    return last->name + (beyond == 0 ? "" : "+" + std::to_string(beyond));
}

}  // namespace

std::string name_of_place(std::uint64_t offset) {
    const auto plus = [](std::uint64_t rest) { return "+" + std::to_string(rest); };
    if (offset < shm::kObjectOffset) return "header" + plus(offset);
    if (offset < shm::kRegistryOffset) return name_in_state(offset - shm::kObjectOffset);
    if (offset < shm::kDeathsOffset) {
        const std::uint64_t inside = offset - shm::kRegistryOffset;
        return "slot " + std::to_string(inside / sizeof(shm::ParticipantSlot)) +
               plus(inside % sizeof(shm::ParticipantSlot));
    }
    if (offset < shm::kTableOffset) return "deaths" + plus(offset - shm::kDeathsOffset);
    const std::uint64_t data = shm::data_offset_for((std::uint64_t{1} << 20) / shm::kUnitBytes);
    if (offset < data) return "unit table " + std::to_string((offset - shm::kTableOffset) / 8);
    return "unit " + std::to_string((offset - data) / shm::kUnitBytes) +
           plus((offset - data) % shm::kUnitBytes);
}

}  // namespace procession::schedule
