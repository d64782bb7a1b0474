// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <new>
#include <utility>

#include "base/logging.h"
#include "queue/core_impl.h"

namespace procession::queue {

using shm::BlockState;
using shm::require;

namespace {

// A waiter looks at so many participants after each slice; all waiters together see all soon.
constexpr std::uint32_t kLooksPerNap = 32;
// How long a waiter lets a stopped participant keep it from taking over after a dead one.
constexpr std::chrono::milliseconds kSweepPatience{20};

struct Placed {
    std::uint64_t sequence = 0;
    Position at;
};

// The oldest first.
std::vector<Position> sorted(std::vector<Placed> items) {
    std::sort(items.begin(), items.end(),
              [](const Placed& a, const Placed& b) { return a.sequence < b.sequence; });
    std::vector<Position> places;
    places.reserve(items.size());
    for (const Placed& item : items) places.push_back(item.at);
    return places;
}

}  // namespace

// The slot that the word of a lock names, or kNone when that is changing just now. A participant
// does not change its epoch while a lock names it. So a word that stays the same over three
// looks and does not fit the slot was not written by a process that took the lock, and no process
// would ever release it.
std::uint32_t Core::owner_to_check(const std::atomic<std::uint32_t>& lock) const {
    const std::uint32_t seen = lock.load(std::memory_order_acquire);
    if (seen == 0) return shm::ParticipantTable::kNone;
    const std::uint32_t slot = shm::RobustLock::owner_of(seen);
    require(slot < shm::kParticipantsMax, "a lock names an impossible owner");
    const std::uint32_t epoch = participants_.epoch(slot);
    const std::uint32_t again = lock.load(std::memory_order_acquire);
    const std::uint32_t name = shm::RobustLock::token_of_owner(again);
    // A slot becomes empty, and is taken again, only after its epoch has changed.
    const bool joined =
        segment_.participant(slot).state.load(std::memory_order_acquire) != shm::kFreeSlot;
    const bool changing =
        name != shm::RobustLock::token_of_owner(seen) || participants_.epoch(slot) != epoch;
    if (changing) return shm::ParticipantTable::kNone;
    require(joined && name == shm::ParticipantTable::owner_token_of(slot, epoch),
            "a lock names an owner that never took it");
    return slot;
}

void Core::check_owner(const std::atomic<std::uint32_t>& lock) {
    // Bail out if the queue is being closed; otherwise close() would wait for us.
    if (shm::OperationGuard::is_inside(this)) check_open("wait");
    require(!segment_.is_poisoned(), "somebody has found that before");
    check_constants();
    const std::uint32_t slot = owner_to_check(lock);
    if (slot == shm::ParticipantTable::kNone) return;
    if (slot == participants_.slot()) suspect_own_lock();
    if (!participants_.is_dead(slot)) return;
    shm::ParticipantTable::Claim claim;
    if (const std::error_code failed = participants_.try_claim(slot, claim)) {
        const bool is_in_hand = failed == std::errc::device_or_resource_busy;
        if (!is_in_hand) claim_error_.store(failed.value(), std::memory_order_relaxed);
        return;
    }
    base::log(LogLevel::debug, "%s: the holder of a lock (slot %u) is dead: repairing",
              label().c_str(), slot);
    repair_locks(slot);
    // The rest that the dead one held is taken over when this thread holds no lock.
    sweep_due_.store(true, std::memory_order_relaxed);
}

// Repairs the state that the locks of a dead participant guard, and releases them. Takes no lock:
// the dead participant holds these, so that no other process can, and one process has the claim.
// Idempotent.
void Core::repair_locks(std::uint32_t dead) {
    death_log_.notice(dead);
    if (shm::RobustLock::is_owned_by(state_.memory_lock, dead)) {
        repair_memory();
        PROCESSION_STEP("repair.memory");
        death_log_.note_lock(dead, kHeldMemory);
        shm::RobustLock::release(state_.memory_lock);
    }
    if (shm::RobustLock::is_owned_by(state_.tail_lock, dead)) {
        log_.repair_tail(dead);
        PROCESSION_STEP("repair.tail");
        death_log_.note_lock(dead, kHeldTail);
        shm::RobustLock::release(state_.tail_lock);
    }
    if (shm::RobustLock::is_owned_by(state_.head_lock, dead)) {
        // It may have died while it took over from another dead one.
        death_log_.end_reclaim();
        death_log_.note_lost_at_head(dead, log_.took_inline_uncounted());
        log_.repair_head();
        PROCESSION_STEP("repair.head");
        death_log_.note_lock(dead, kHeldHead);
        shm::RobustLock::release(state_.head_lock);
    }
    death_log_.end_of_locks(dead);
}

void Core::repair_memory() {
    pool_.rebuild();
    PROCESSION_STEP("repair.memory.rebuilt");
    const auto& intent = state_.memory_intent;
    const Position at = Position::unpack(intent.subject());
    const auto block = static_cast<std::uint32_t>(intent.value(kLetterBlock));
    const std::uint64_t dead_lettered = intent.value(kDeadLetteredBefore) + 1;
    if (intent.is(MemoryIntent::lost_bytes)) {
        if (pool_.block(block).state == BlockState::dead_letter) {
            state_.dead_lettered.store(dead_lettered);
        }
    } else if (intent.is_open()) {
        RecordHead head;
        std::byte* record = log_.record_at(at, head);
        const LeaseWord lease = LeaseWord::unpack(RecordLog::lease_word(record).load());
        if (lease.state == LeaseState::finished) {
            if (intent.is(MemoryIntent::dead_letter)) {
                pool_.set(block, BlockState::dead_letter, 0);
                PROCESSION_STEP("repair.memory.kept");
                state_.dead_lettered.store(dead_lettered);
            }
            complete_finish(at);
        }
    }
    state_.memory_intent.end();
    PROCESSION_STEP("repair.memory.settled");
}

// Under the head and the memory lock: visits the lease of each item that the head has passed in
// this block; nothing when it is no chunk of a joinable queue's log, or lies ahead of the head.
template <class Visit>
void Core::each_lease_in(std::uint32_t unit, const shm::Block& block, Visit visit) {
    if (!joinable_ || block.state != BlockState::chunk) return;
    if (log_.chunk(unit).first_count.load() > state_.head.count.load()) return;
    const auto head_at = Position::unpack(state_.head.position.load());
    const std::uint32_t end = unit == head_at.chunk ? head_at.offset : 0;
    log_.each_record(unit, end, [&](Position at, RecordHead, std::byte* record) {
        visit(at, LeaseWord::unpack(RecordLog::lease_word(record).load()));
    });
}

// The list of returned items again from its truth, the leases.
void Core::rebuild_returned(Actor me) {
    std::vector<Placed> returned;
    {
        acquire(state_.memory_lock, me);
        const Lock lock(state_.memory_lock);
        pool_.each_block([&](std::uint32_t unit, const shm::Block& block) {
            each_lease_in(unit, block, [&](Position at, const LeaseWord& lease) {
                if (lease.state == LeaseState::returned) {
                    returned.push_back({returned_.sequence_of(at), at});
                }
            });
        });
    }
    if (state_.listing.is(ListIntent::pop)) {
        RecordHead head;
        std::byte* record = log_.record_at(Position::unpack(state_.listing.subject()), head);
        const LeaseWord lease = LeaseWord::unpack(RecordLog::lease_word(record).load());
        const bool popped = lease.state == LeaseState::held;
        state_.redelivered.store(state_.listing.value(0) + (popped ? 1 : 0));
        PROCESSION_STEP("repair.list.redelivered");
    }
    returned_.rebuild(sorted(std::move(returned)));
    state_.listing.end();
    PROCESSION_STEP("repair.list.settled");
}

// Takes over all that a dead participant held, and records its death. The caller has the claim on
// it (or is its successor in the slot) and holds no lock. Idempotent: if the caller dies on the
// way, another process starts again.
void Core::sweep(std::uint32_t dead, Actor me) {
    repair_locks(dead);
    PROCESSION_STEP("sweep.locks_repaired");
    take_over_all(dead, Holder::dead, me);
    PROCESSION_STEP("sweep.recorded");
    wake_everybody();
}

void Core::take_over_all(std::uint32_t holder, Holder is, Actor me) {
    acquire(state_.head_lock, me);
    const Lock lock(state_.head_lock);
    settle_head(me);
    // The oldest first: if this process dies on the way, the items that wait already are handed out
    // before the later ones, as they should be.
    for (const Position at : free_blocks_of(holder, is, me)) {
        if (is == Holder::dead) {
            acquit_if_in_doubt(holder, at);
            take_over_counted(holder, at, me);
        } else {
            take_over(holder, at, drops_items(), me);
        }
        PROCESSION_STEP("sweep.item_taken_over");
    }
    if (is == Holder::dead && death_log_.record(holder)) report_death(holder);
}

// Under the head lock. Returns the items that it holds, the oldest first.
std::vector<Position> Core::free_blocks_of(std::uint32_t holder, Holder is, Actor me) {
    std::vector<Placed> held;
    acquire(state_.memory_lock, me);
    const Lock memory_lock(state_.memory_lock);
    if (joinable_) settle_finishing(holder);
    if (is == Holder::dead) death_log_.note_lost_in_blocks(holder, blocks_in_hand(holder));
    pool_.each_block([&](std::uint32_t unit, const shm::Block& block) {
        const bool its_own = block.owner == holder &&
                             (block.state == BlockState::owned || block.state == BlockState::held);
        if (its_own) {
            pool_.give(unit);
            PROCESSION_STEP("sweep.block_freed");
        }
        each_lease_in(unit, block, [&](Position at, const LeaseWord& lease) {
            if (lease.state == LeaseState::held && lease.owner == holder) {
                held.push_back({returned_.sequence_of(at), at});
            }
        });
    });
    return sorted(std::move(held));
}

// Under the memory lock: the large items of a plain queue that are being copied.
std::uint32_t Core::blocks_in_hand(std::uint32_t holder) {
    std::uint32_t blocks = 0;
    pool_.each_block([&](std::uint32_t, const shm::Block& block) {
        if (block.state == BlockState::held && block.owner == holder) ++blocks;
    });
    return blocks;
}

// Under the head and the memory lock: of the items that were taken, all but those in hand and those
// that wait again. An item that is finished meanwhile may be counted or not.
std::uint64_t Core::count_finished() {
    std::uint64_t open = 0;
    pool_.each_block([&](std::uint32_t unit, const shm::Block& block) {
        each_lease_in(unit, block, [&](Position, const LeaseWord& lease) {
            // Not those that are queued: of a chunk that the head has yet to enter.
            const bool is_open =
                lease.state == LeaseState::held || lease.state == LeaseState::returned;
            if (is_open) ++open;
        });
    });
    const std::uint64_t taken = state_.head.count.load();
    require(open <= taken, "more items are in hand than were taken");
    return taken - open;
}

// Under the head lock: the items that each participant has taken and not finished, by slot.
std::vector<std::uint64_t> Core::count_held(Actor me) {
    std::vector<std::uint64_t> held(
        std::min(segment_.header().participants_end.load(), shm::kParticipantsMax));
    const auto count = [&](std::uint32_t owner) {
        if (owner < held.size()) ++held[owner];
    };
    acquire(state_.memory_lock, me);
    const Lock lock(state_.memory_lock);
    pool_.each_block([&](std::uint32_t unit, const shm::Block& block) {
        if (block.state == BlockState::held) count(block.owner);
        each_lease_in(unit, block, [&](Position, const LeaseWord& lease) {
            if (lease.state == LeaseState::held) count(lease.owner);
        });
    });
    return held;
}

// Under the head lock: of the items that have been handed out as often as they may, a death makes
// only the oldest a dead letter. Which of them has ended their consumer is not known; for the
// others this delivery does not count, and they are handed out once more.
void Core::acquit_if_in_doubt(std::uint32_t dead, Position at) {
    const std::uint32_t most = state_.max_deliveries;
    if (most < 2 || drops_items() || !death_log_.has_dead_lettered(dead)) return;
    RecordHead head;
    auto& lease_word = RecordLog::lease_word(log_.record_at(at, head));
    LeaseWord lease = LeaseWord::unpack(lease_word.load());
    if (lease.deliveries < most) return;
    lease.deliveries = most - 1;
    lease_word.store(lease.pack(), std::memory_order_release);
    PROCESSION_STEP("sweep.item_acquitted");
}

// Under the head lock: the item's fate is counted exactly once, also when this process dies.
void Core::take_over_counted(std::uint32_t dead, Position at, Actor me) {
    const bool drops = drops_items();
    death_log_.begin_reclaim(dead, at, drops);
    try {
        take_over(dead, at, drops, me);
    } catch (...) {
        death_log_.forget_reclaim();
        throw;
    }
    death_log_.end_reclaim();
}

// Under the head lock: an item whose holder died, or gave it back, waits again; or goes to the dead
// letters when that has happened too often.
void Core::take_over(std::uint32_t holder, Position at, bool drops, Actor me,
                     std::string_view why) {
    RecordHead head;
    std::byte* record = log_.record_at(at, head);
    const LeaseWord lease = LeaseWord::unpack(RecordLog::lease_word(record).load());
    if (drops) {
        // Nothing is delivered any more.
        acquire(state_.memory_lock, me);
        const Lock lock(state_.memory_lock);
        commit_finish(at, record);
        return;
    }
    if (lease.deliveries < state_.max_deliveries) {
        push_returned(at, record);
        return;
    }
    char reason[512];  // allocates nothing: there may be no memory left
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)  with its length, for %.*s
    const char* const why_text = why.data();
    std::snprintf(reason, sizeof reason, "%s after delivery %u of at most %u%s%.*s",
                  holder == me.slot ? "given back" : "its consumer died", lease.deliveries,
                  state_.max_deliveries, why.empty() ? "" : ": ",
                  static_cast<int>(std::min<std::size_t>(why.size(), sizeof reason)), why_text);
    std::uint32_t unit = 0;
    try {
        const std::uint32_t block =
            write_dead_letter(static_cast<Format>(head.format), payload_of(record, head, unit),
                              lease.deliveries, reason, me);
        acquire(state_.memory_lock, me);
        const Lock lock(state_.memory_lock);
        commit_dead_letter(at, record, block);
    } catch (const std::exception& none) {
        // One delivery too many is better than a lost item.
        base::log(LogLevel::warning, "%s: no memory for a dead letter: %s", label().c_str(),
                  none.what());
        push_returned(at, record);
    }
}

std::size_t Core::notice_deaths() {
    return guarded("notice_deaths", [&] { return bury_the_dead(self()); });
}

std::size_t Core::bury_the_dead(Actor me) {
    const std::uint32_t end =
        std::min(segment_.header().participants_end.load(), shm::kParticipantsMax);
    std::size_t buried = 0;
    for (std::uint32_t slot = 0; slot < end; ++slot) {
        if (!participants_.is_dead(slot)) continue;
        shm::ParticipantTable::Claim claim;
        if (const std::error_code failed = participants_.try_claim(slot, claim)) {
            if (failed == std::errc::device_or_resource_busy) continue;
            throw OSError(failed, "notice_deaths", label(),
                          std::string("cannot look after a participant that died: ") +
                              os::ByteLock::why(failed));
        }
        sweep(slot, me);
        PROCESSION_STEP("sweep.swept");
        participants_.bury(slot, claim);
        ++buried;
    }
    return buried;
}

void Core::nap() {
    if (segment_.is_poisoned()) check_open("wait");
    check_watch("wait");
    check_constants();
    audit_now_and_then();
    write_waiting_letters(participants_.slot());
    const std::uint32_t end =
        std::min(segment_.header().participants_end.load(), shm::kParticipantsMax);
    const std::uint32_t from = nap_cursor_.fetch_add(kLooksPerNap, std::memory_order_relaxed);
    bool somebody_died = sweep_due_.exchange(false, std::memory_order_relaxed);
    for (std::uint32_t look = 0; look < std::min(end, kLooksPerNap) && !somebody_died; ++look) {
        somebody_died = participants_.is_dead((from + look) % end);
    }
    if (somebody_died) notice_deaths_within(participants_.slot());
    hand_over_log();
    os::CancellationDisabled::act_on_request();
}

void Core::notice_deaths_quickly() noexcept {
    const os::CancellationDisabled no_cancellation;
    const base::LogHold no_log;
    try {
        const Inside inside(*this);
        notice_deaths_within(inside.slot());
    } catch (const Ending&) {
        wait_for_the_end();
        // NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (const CutShort&) {
        // At the next operation.
    } catch (const std::exception& failed) {
        // The waiters of that queue see the failure themselves.
        base::log(LogLevel::warning, "%s", failed.what());
    }
}

// Within an operation, under no lock.
void Core::notice_deaths_within(std::uint32_t slot) {
    if (slot == shm::ParticipantTable::kNone || !is_usable()) return;
    try {
        // Not longer than a nap: the caller's deadline is its own.
        bury_the_dead({slot, Deadline::now(), kSweepPatience});
    } catch (const TimeoutError&) {  // a participant is stopped: at the next nap
        sweep_due_.store(true, std::memory_order_relaxed);
    } catch (const MemoryError&) {
        sweep_due_.store(true, std::memory_order_relaxed);
    } catch (const std::bad_alloc&) {
        sweep_due_.store(true, std::memory_order_relaxed);
    } catch (const shm::Corrupt& corrupt) {
        segment_.poison();
        base::log(LogLevel::error, "%s: the shared memory is corrupt: %s", label().c_str(),
                  corrupt.what);
    }
}

void Core::wake_everybody() {
    not_empty_.notify_all();
    not_full_.notify_all();
    all_done_.notify_all();
    death_bell_.notify_all();
}

}  // namespace procession::queue
