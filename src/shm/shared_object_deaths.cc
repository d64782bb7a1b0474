// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <new>

#include "base/logging.h"
#include "shm/shared_object.h"

// What a participant does when another one has died.

namespace procession::inline v0::detail::shm {

namespace {

// For each object: what must not fail.
template <class Do>
void with_all_objects(const char* what, Do act) noexcept {
    try {
        for (const auto& object : SharedObject::all()) act(*object);
    } catch (const std::exception& failed) {
        base::log(LogLevel::warning, "%s failed: %s", what, failed.what());
    }
}

}  // namespace

// Repairs the state that the locks of a dead participant guard, and releases them. Takes no lock:
// the dead participant holds these, so that no other process can, and one process has the claim.
// Idempotent.
void SharedObject::repair_locks(std::uint32_t dead) {
    death_log_.notice(dead);
    const DeadOwner owner(dead);
    const auto words = locks();
    for (std::uint32_t lock = 0; lock < words.size(); ++lock) {
        if (!RobustLock::is_owned_by(*words[lock], dead)) continue;
        repair(lock, owner);
        PROCESSION_STEP("repair.repaired");
        death_log_.note_lock(dead, lock);
        RobustLock::release(*words[lock]);
    }
    death_log_.end_of_locks(dead);
}

// Takes over all that a dead participant held, and records its death. The caller has the claim on
// it (or is its successor in the slot) and holds no lock. Idempotent: if the caller dies on the
// way, another process starts again.
void SharedObject::reclaim_dead(std::uint32_t dead, Actor me) {
    repair_locks(dead);
    PROCESSION_STEP("reclaim.locks_repaired");
    reclaim(dead, Holder::dead, me);
    PROCESSION_STEP("reclaim.recorded");
    wake_all();
}

std::size_t SharedObject::notice_deaths() {
    return guarded("notice_deaths", [&] {
        const Actor me = self();
        const std::size_t reclaimed = reclaim_all_dead(me);
        return reclaimed + await_repairers(me);
    });
}

std::size_t SharedObject::reclaim_all_dead(Actor me) {
    const std::uint32_t end = segment().slots_used();
    std::size_t reclaimed = 0;
    for (std::uint32_t slot = 0; slot < end; ++slot) {
        ParticipantTable::Claim claim;
        if (const std::error_code failed = participant_table().try_claim(slot, claim)) {
            if (failed == std::errc::device_or_resource_busy) continue;
            throw OSError(failed, "notice_deaths", label(),
                          std::string("cannot look after a participant that died: ") +
                              os::ByteLock::why(failed));
        }
        reclaim_dead(slot, me);
        PROCESSION_STEP("reclaim.reclaimed");
        participant_table().release_slot(slot, claim);
        ++reclaimed;
    }
    return reclaimed;
}

bool SharedObject::is_any_under_repair() const noexcept {
    const std::uint32_t end = segment().slots_used();
    for (std::uint32_t slot = 0; slot < end; ++slot) {
        if (participant_table().is_known_dead(slot) && !death_log_.is_recorded(slot)) return true;
    }
    return false;
}

// Waits for those that reclaim just now. One of them may die over it: then its task is free again.
std::size_t SharedObject::await_repairers(Actor me) {
    if (!is_any_under_repair()) return 0;
    const Deadline patience(kReclaimPatience);
    const auto is_done = [this] { return !is_any_under_repair(); };
    while (wait(deaths_noted_, "notice_deaths", patience, is_done) && !is_done()) {}
    return reclaim_all_dead(me);
}

void SharedObject::notice_deaths_quickly() noexcept {
    const os::CancellationDisabled no_cancellation;
    const base::LogHold no_log;
    try {
        const Operation inside(*this);
        notice_deaths_within(inside.slot(), Repairers::await);
    } catch (const Exiting&) {
        wait_for_exit();
        // NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (const CutShort&) {
        // At the next operation.
    } catch (const std::exception& failed) {
        // The waiters of that object see the failure themselves.
        base::log(LogLevel::warning, "%s", failed.what());
    }
}

void SharedObject::notice_deaths_within(std::uint32_t slot, Repairers others) {
    if (slot == ParticipantTable::kNone || !is_usable()) return;
    try {
        // Not longer than a slice: the caller's deadline is its own.
        const Actor me{slot, Deadline::now(), kReclaimPatience};
        reclaim_all_dead(me);
        if (others == Repairers::await) await_repairers(me);
    } catch (const PeerStopped&) {  // a participant is stopped: at the end of the next slice
        is_reclaim_due_.store(true, std::memory_order_relaxed);
    } catch (const MemoryError&) {
        is_reclaim_due_.store(true, std::memory_order_relaxed);
    } catch (const std::bad_alloc&) {
        is_reclaim_due_.store(true, std::memory_order_relaxed);
    } catch (const Corrupt& corrupt) {
        segment().poison();
        base::log(LogLevel::error, "%s: the shared memory is corrupt: %s", label().c_str(),
                  corrupt.what);
    }
}

void SharedObject::wait_for_deaths(std::uint64_t since, Deadline deadline) {
    guarded("wait_for_deaths", [&] {
        notice_deaths_within(self().slot);
        const auto is_there = [&] { return death_log_.count() > since; };
        while (wait(deaths_noted_, "wait_for_deaths", deadline, is_there) && !is_there()) {}
    });
}

void SharedObject::report_death(std::uint32_t dead) const {
    if (!base::logs(LogLevel::debug)) return;
    const auto last = death_log_.since(death_log_.count() - 1);
    if (last.empty()) return;
    const DeathEntry& death = last.back();
    base::log(LogLevel::debug, "%s: participant %llu (pid %d, slot %u) died%s", label().c_str(),
              static_cast<unsigned long long>(death.id), death.pid, dead, describe(death).c_str());
}

// ---- of all objects ----------------------------------------------------------------------------

void notice_deaths_everywhere() noexcept {
    with_all_objects("looking for dead participants",
                     [](SharedObject& object) { object.notice_deaths_quickly(); });
}

void suspect_all_unshared() noexcept {
    with_all_objects("looking at the objects of this process",
                     [](SharedObject& object) { object.suspect_unshared(); });
}

void leave_everywhere() noexcept {
    // Where it fails, the others notice the end of this process.
    with_all_objects("leaving the objects", [](SharedObject& object) { object.leave_at_exit(); });
}

}  // namespace procession::inline v0::detail::shm
