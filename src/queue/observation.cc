// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/observation.h"

#include <algorithm>

#include "procession/error.h"
#include "shm/corrupt.h"

namespace procession::inline v0::detail::queue {

namespace {

constexpr int kLooksWithoutLock = 100;

Death death_of(const shm::DeathEntry& entry) {
    shm::require(entry.locks < 1U << kLocks, "a record of a death names no known lock");
    const auto& tallies = entry.tallies;
    Death death;
    death.number = entry.number;
    death.id = entry.id;
    death.pid = entry.pid;
    death.slot = entry.slot;
    death.joined = entry.joined;
    death.noticed = entry.noticed;
    death.repaired = entry.repaired;
    death.repaired_by = entry.repaired_by;
    death.redelivered = tallies[kRedelivered];
    death.dead_lettered = tallies[kDeadLettered];
    death.dropped = tallies[kDropped];
    death.items_held = death.redelivered + death.dead_lettered + death.dropped;
    death.lost_in_hand = tallies[kLostAtHead] + tallies[kLostInBlocks];
    death.held_producer_lock = (entry.locks & 1U << kTailLock) != 0;
    death.held_consumer_lock = (entry.locks & 1U << kHeadLock) != 0;
    death.held_memory_lock = (entry.locks & 1U << kMemoryLock) != 0;
    return death;
}

}  // namespace

const char* type_name(QueueKind kind) noexcept {
    return kind == QueueKind::joinable ? "JoinableQueue" : "Queue";
}

QueueKind kind_of(const shm::Segment& segment) {
    const auto kind = static_cast<QueueKind>(segment.header().kind);
    if (kind == QueueKind::plain || kind == QueueKind::joinable) return kind;
    throw CorruptSegment("attach", segment.name(), "the shared memory holds no queue");
}

// The consumers' counts must not change around the look at the producers'.
bool read_waiting(const State& state, Waiting& waiting) noexcept {
    for (int look = 0; look < kLooksWithoutLock; ++look) {
        const std::uint64_t taken = state.head.count.load();
        const std::uint64_t returned = state.returned.count.load();
        const std::uint64_t put = state.tail.count.load();
        waiting = {put > taken ? put - taken : 0, returned};
        if (taken == state.head.count.load() && returned == state.returned.count.load())
            return true;
    }
    return false;
}

QueueStats read_stats(const QueueMemory& memory, const shm::Segment& segment,
                      const shm::DeathLog& deaths, const Waiting& waiting) {
    QueueStats stats;
    const State& state = memory.state;
    stats.queued = waiting.in_log + waiting.returned;
    // In this order: an item is counted as put, then as taken, then as finished. All of them only
    // grow, so what is read last is never the less.
    stats.dead_lettered = state.dead_lettered.load();
    stats.finished = memory.leases.finished();
    stats.redelivered = state.redelivered.load();
    stats.taken = state.head.count.load();
    stats.put = memory.leases.known_put();
    const shm::DeathLog::Totals totals = deaths.totals();
    stats.lost_in_hand = totals.sums[kLostAtHead - shm::kFirstSummed] +
                         totals.sums[kLostInBlocks - shm::kFirstSummed];
    stats.locks_repaired = totals.locks_repaired;
    stats.deaths = totals.deaths;
    const std::uint64_t bytes_in = state.tail.bytes.load();
    const std::uint64_t bytes_out = state.head.bytes.load();
    stats.queued_bytes = bytes_in > bytes_out ? bytes_in - bytes_out : 0;
    stats.memory_bytes = std::uint64_t{memory.pool.units_used()} * shm::kUnitBytes;
    std::uint64_t reserved = 0;
    const bool is_known = !segment.committed_bytes(reserved);
    stats.memory_reserved_bytes = is_known ? reserved : stats.memory_bytes;
    const auto known = shm::list_participants(segment);
    stats.participants = static_cast<std::uint32_t>(
        std::count_if(known.begin(), known.end(), [](const auto& one) { return one.is_alive; }));
    return stats;
}

std::vector<Death> read_deaths(const shm::DeathLog& log, std::uint64_t since) {
    std::vector<Death> deaths;
    for (const shm::DeathEntry& entry : log.since(since)) deaths.push_back(death_of(entry));
    return deaths;
}

}  // namespace procession::inline v0::detail::queue
