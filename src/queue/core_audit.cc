// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "queue/core_impl.h"

namespace procession::queue {

using shm::require;

namespace {

// A waiter that has waited so long looks whether the queue is sound.
constexpr std::chrono::milliseconds kFirstAudit{500};
constexpr std::chrono::milliseconds kAuditEvery{1000};
// A waiter looks after 1, 2, 4, 8 and then every 16 ms.
constexpr std::uint32_t kVainLooksMax = 64;
// Finished items are compared one by one, under the locks: not where that could take long (16 MiB).
constexpr std::uint32_t kAuditedUnitsMax = 4096;

}  // namespace

Constants Core::read_constants() const noexcept {
    return {state_.maxsize, state_.max_bytes, state_.max_deliveries,
            state_.dead_letter_on_exception};
}

// A waiter must not wait for what scribbled limits will never let happen.
void Core::check_constants() const {
    require(segment_.is_intact(), "the header has changed");
    require(read_constants() == constants_, "the limits of the queue have changed");
    require(state_.shutdown.load(std::memory_order_relaxed) <= kImmediate,
            "the queue is in no known state");
}

void Core::audit_now_and_then() {
    const std::uint32_t slot = participants_.slot();
    if (slot == shm::ParticipantTable::kNone) return;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto at = [](auto time) { return std::chrono::nanoseconds(time).count(); };
    std::int64_t due = next_audit_.load(std::memory_order_relaxed);  // relaxed: of this process
    if (at(now) < due) return;
    const std::int64_t next = at(now + (due == 0 ? kFirstAudit : kAuditEvery));
    if (!next_audit_.compare_exchange_strong(due, next, std::memory_order_relaxed)) return;
    if (due != 0) audit({slot});
}

// Compares what is counted with what is there. A lock that is taken is left alone: its holder finds
// corruption there itself. Throws Corrupt where no live or repaired participant can have left it
// so.
void Core::audit(Actor me) {
    const std::uint32_t name = participants_.owner_token(me.slot);
    if (shm::RobustLock(state_.tail_lock, name).try_acquire()) {
        const Lock lock(state_.tail_lock);
        log_.audit_tail();
        // The producers' count cannot change now, and consumers only take what is counted in it.
        require(state_.head.count.load() <= state_.tail.count.load(),
                "more items were taken than put");
    }
    if (shm::RobustLock(state_.head_lock, name).try_acquire()) {
        const Lock lock(state_.head_lock);
        log_.audit_head();
        // Otherwise the list is as a dead consumer left it, and the next consumer repairs it.
        if (joinable_ && !state_.listing.is_open()) returned_.audit();
        if (joinable_) audit_finished(me);
    }
}

// Under the head lock: whether as many items are counted as finished as there are. Participants
// finish items meanwhile: each begins an intent, finishes the item, counts it, and ends the intent.
// So each item counted before the look is finished; and each finished item is counted after it, or
// named by an open intent.
void Core::audit_finished(Actor me) {
    if (pool_.units_used() > kAuditedUnitsMax) return;
    const std::uint32_t name = participants_.owner_token(me.slot);
    if (!shm::RobustLock(state_.memory_lock, name).try_acquire()) return;
    const Lock lock(state_.memory_lock);
    const std::uint64_t counted_before = finished();
    const std::uint64_t there = count_finished();
    require(counted_before <= there, "more items are counted as finished than are");
    std::uint64_t being_finished = 0;
    const std::uint32_t end =
        std::min(segment_.header().participants_end.load(), shm::kParticipantsMax);
    for (std::uint32_t slot = 0; slot < end; ++slot) {
        if (segment_.participant(slot).finishing.is_open()) ++being_finished;
    }
    require(there <= finished() + being_finished, "fewer items are counted as finished than are");
}

// Called when no thread of this process is inside any more: no thread would release such a lock.
bool Core::is_any_lock_mine(std::uint32_t slot) const noexcept {
    for (const auto* word : {&state_.tail_lock, &state_.head_lock, &state_.memory_lock}) {
        if (shm::RobustLock::is_owned_by(*word, slot)) return true;
    }
    return false;
}

// Called by a thread that waits for a lock whose word names this process. The thread does not hold
// that lock itself; when no other operation is under way in this process, no thread of it does: an
// operation was cut short unnoticed, or the word is a forgery. The word and the number of
// operations are not read at one instant, so one look proves nothing: an operation of another
// thread may have ended and a third one begun in between. That this happens at each of many looks
// in a row, milliseconds apart, and never between two of them, can be ruled out. A holder that is
// preempted or stopped for however long is under way, and counted.
void Core::suspect_own_lock() {
    if (shm::OperationGuard::others_inside(this)) {
        vain_looks_.store(0, std::memory_order_relaxed);
        return;
    }
    if (vain_looks_.fetch_add(1, std::memory_order_relaxed) < kVainLooksMax) return;
    gate_.fetch_or(kCutShort);
    throw CutShort();
}

}  // namespace procession::queue
