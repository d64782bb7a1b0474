// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "queue/core_impl.h"

// Counts of items, and statistics.

namespace procession::queue {

namespace {

constexpr int kLooksWithoutLock = 100;

}  // namespace

std::uint64_t Core::qsize() {
    const Waiting waiting = guarded("qsize", [this] { return count_waiting(); });
    return waiting.in_log + waiting.returned;
}

// Within an operation.
Waiting Core::count_waiting() {
    const Actor me = self();
    // A lock that is held now may be a dead one's, with counts not yet mended.
    for (const auto* word : {&state_.tail_lock, &state_.head_lock}) check_owner(*word);
    // A participant that died while changing the list of returned items left the list, and its
    // count, to the next holder of the lock. When that is another process, it settles the same
    // first.
    if (state_.listing.is_open() &&
        shm::RobustLock(state_.head_lock, participants_.owner_token(me.slot)).try_acquire()) {
        const Lock lock(state_.head_lock);
        settle_head(me);
    }
    Waiting waiting;
    for (int attempt = 0; attempt < kLooksWithoutLock; ++attempt) {
        if (read_waiting(waiting)) return waiting;
    }
    // The consumers are busy: this makes them wait a moment. Then only a scribbler changes their
    // counts.
    acquire(state_.head_lock, me);
    const Lock lock(state_.head_lock);
    shm::require(read_waiting(waiting), "the counts of consumers change under their lock");
    return waiting;
}

// Whether it is exact: the consumers' counts did not change around the look at the producers'.
bool Core::read_waiting(Waiting& waiting) const {
    const std::uint64_t taken = state_.head.count.load();
    const std::uint64_t returned = state_.returned.count.load();
    const std::uint64_t put = state_.tail.count.load();
    waiting = {put > taken ? put - taken : 0, returned};
    return taken == state_.head.count.load() && returned == state_.returned.count.load();
}

bool Core::full() {
    return guarded("full", [this] {
        const Waiting waiting = count_waiting();
        if (state_.maxsize != 0 && waiting.in_log >= state_.maxsize) return true;
        return state_.max_bytes != 0 && !seems_to_have_room(1, 0);
    });
}

QueueStats Core::stats() {
    return guarded("stats", [this] { return read_stats(); });
}

QueueStats Core::read_stats() {
    QueueStats stats;
    const Waiting waiting = count_waiting();
    stats.queued = waiting.in_log + waiting.returned;
    stats.put = known_put();
    stats.taken = state_.head.count.load();
    stats.redelivered = state_.redelivered.load();
    stats.finished = finished();
    stats.dead_lettered = state_.dead_lettered.load();
    const DeathLog::Totals totals = death_log_.totals();
    stats.lost_in_hand = totals.lost_in_hand;
    stats.locks_repaired = totals.locks_repaired;
    stats.deaths = totals.deaths;
    const std::uint64_t bytes_in = state_.tail.bytes.load();
    const std::uint64_t bytes_out = state_.head.bytes.load();
    stats.queued_bytes = bytes_in > bytes_out ? bytes_in - bytes_out : 0;
    stats.memory_bytes = std::uint64_t{pool_.units_used()} * shm::kUnitBytes;
    std::uint64_t reserved = 0;
    const bool is_known = !segment_.committed_bytes(reserved);
    stats.memory_reserved_bytes = is_known ? reserved : stats.memory_bytes;
    const std::uint32_t end =
        std::min(segment_.header().participants_end.load(), shm::kParticipantsMax);
    for (std::uint32_t slot = 0; slot < end; ++slot) {
        const bool joined = segment_.participant(slot).state.load() == shm::kJoined;
        if (joined && !participants_.is_dead(slot)) ++stats.participants;
    }
    return stats;
}

}  // namespace procession::queue
