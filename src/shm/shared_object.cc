// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/shared_object.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "base/logging.h"
#include "base/process_singleton.h"
#include "os/futex.h"
#include "os/threads.h"

namespace procession::inline v0::detail::shm {

namespace {

// A waiter looks at so many participants after each slice; all waiters together see all soon.
constexpr std::uint32_t kLooksPerSlice = 32;
// A waiter that has waited so long looks whether the object is sound.
constexpr std::chrono::milliseconds kFirstAudit{500};
constexpr std::chrono::milliseconds kAuditEvery{1000};
// A waiter looks at the holder after 1, 2, 4, 8 and then every 16 ms.
constexpr std::uint32_t kSuspiciousLooksMax = 64;

/// The objects of this process, so that the same one arriving twice is one participant. Its lock
/// is never held while an object is made or ends.
class ObjectTable final : public os::LockedAcrossForks {
  public:
    static ObjectTable& instance() { return base::ProcessSingleton<ObjectTable>::instance(); }
    std::shared_ptr<SharedObject> adopt(std::shared_ptr<SharedObject> fresh) {
        // Let go of after the lock: these may be the last references.
        std::vector<std::shared_ptr<SharedObject>> looked_at;
        const std::lock_guard guard(lock_);
        std::erase_if(objects_, [](const auto& known) { return known.expired(); });
        for (const auto& known : objects_) {
            looked_at.push_back(known.lock());
            const auto& object = looked_at.back();
            const bool same = object && !object->is_closed() &&
                              object->segment().identity() == fresh->segment().identity();
            if (same) return object;
        }
        objects_.push_back(fresh);
        return fresh;
    }
    std::vector<std::shared_ptr<SharedObject>> all() {
        std::vector<std::shared_ptr<SharedObject>> living;
        const std::lock_guard guard(lock_);
        for (const auto& known : objects_) {
            if (auto object = known.lock()) living.push_back(std::move(object));
        }
        return living;
    }

  private:
    friend class base::ProcessSingleton<ObjectTable>;
    ObjectTable() { start_listening(); }

    std::vector<std::weak_ptr<SharedObject>> objects_;
};

}  // namespace

std::shared_ptr<SharedObject> SharedObject::adopt(std::shared_ptr<SharedObject> fresh) {
    return ObjectTable::instance().adopt(std::move(fresh));
}

std::vector<std::shared_ptr<SharedObject>> SharedObject::all() {
    return ObjectTable::instance().all();
}

// ---- joining -----------------------------------------------------------------------------------

// Joins, if this process has not done so.
std::uint32_t SharedObject::own_slot() {
    ParticipantTable& table = participant_table();
    const std::lock_guard guard(joining_);
    if (table.slot() != ParticipantTable::kNone) return table.slot();
    check_unshared();
    report_after_fork();
    bool stale = false;
    const std::uint32_t slot = table.claim_slot(stale);
    // The slot's last owner died unnoticed: this process repairs after it before it joins.
    try {
        if (stale) reclaim_dead(slot, {slot});
    } catch (...) {
        table.give_up();  // so that another process can try
        throw;
    }
    if (stale) table.release_predecessor(slot);
    death_log_.forget(slot);
    table.publish(slot);
    return slot;
}

void SharedObject::suspect_unshared() noexcept {
    if (is_in_use()) return;
    try {
        // From now on this process is no participant, so that its next operation passes own_slot().
        const std::uint32_t slot = participant_table().slot();
        if (slot != ParticipantTable::kNone) {
            reclaim(slot, Holder::leaving, {slot, Deadline::now()});
            participant_table().leave();
        }
        seems_unshared_.store(true, std::memory_order_relaxed);  // relaxed: one thread exists
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "%s: %s", label().c_str(), failed.what());
    } catch (const Corrupt&) {
        segment().poison();
    }
}

// Under `joining_`.
void SharedObject::check_unshared() {
    // relaxed: a hint that changes nothing else
    if (!seems_unshared_.load(std::memory_order_relaxed)) return;
    if (os::count_threads() == 1) {
        throw SharingError(
            "use", label(),
            std::string("it is not the ") + kind() +
                " of the process that started this one: each of them made one of its own when it "
                "began (a variable of namespace scope?), and no other process sees what happens to "
                "this one. Pass it to the child as an argument. If it is for the threads of one "
                "process, make it inside of a function, as a static local say");
    }
    seems_unshared_.store(false, std::memory_order_relaxed);
    base::log(LogLevel::warning,
              "%s is used in a child, but it is not the %s of the process that started it: each "
              "of them made one when it began (a variable of namespace scope?). Pass it as an "
              "argument; if it is for the threads of this process, make it inside of a function",
              label().c_str(), kind());
}

void SharedObject::give_up_all(std::uint32_t slot) {
    // Called when no thread of this process is inside any more: no thread would release such a
    // lock.
    for (const auto* word : locks()) {
        if (RobustLock::is_owned_by(*word, slot)) throw CutShort();
    }
    // The caller gave no deadline: the patience limits the wait for a stopped participant.
    reclaim(slot, Holder::leaving, {slot, Deadline::now()});
    wake_all();
    PROCESSION_STEP("close.given_back");
}

// ---- locks -------------------------------------------------------------------------------------

bool SharedObject::acquire_until(std::atomic<std::uint32_t>& word, Actor me,
                                 std::string_view operation) {
    RobustLock lock(word, participant_table().owner_token(me.slot));
    if (lock.try_acquire()) return true;
    suspicious_looks_.store(0, std::memory_order_relaxed);
    // Even a non-blocking call must not report empty or full just because the lock is busy.
    const bool would_not_wait = me.until.expired();
    const Deadline until = would_not_wait ? Deadline(me.patience) : me.until;
    for (;;) {
        const Deadline round(me.patience);
        const bool last_round = until.time_point() <= round.time_point();
        if (lock.acquire(last_round ? until : round, *this)) return true;
        if (last_round) break;
        check_watch(operation);
    }
    if (would_not_wait) refuse_to_wait(operation);
    return false;
}

void SharedObject::acquire_word(std::atomic<std::uint32_t>& word, Actor me) {
    RobustLock lock(word, participant_table().owner_token(me.slot));
    if (lock.try_acquire()) return;
    suspicious_looks_.store(0, std::memory_order_relaxed);
    const Deadline patient(me.patience);
    const bool own_is_later = me.until.time_point() > patient.time_point();
    if (!lock.acquire(own_is_later ? me.until : patient, *this)) refuse_to_wait("wait");
}

void SharedObject::refuse_to_wait(std::string_view operation) const {
    throw PeerStopped(operation, label(),
                      "a participant is stopped inside an operation on it (SIGSTOP or a "
                      "debugger?); continue or kill it");
}

void SharedObject::require_running_holder(const std::atomic<std::uint32_t>& lock,
                                          std::string_view operation) {
    // relaxed: looks only
    const std::uint32_t first = lock.load(std::memory_order_relaxed);
    std::atomic<std::uint32_t> never_notified{0};
    for (const Deadline end = std::chrono::milliseconds(20); !end.expired();) {
        const std::uint32_t now = lock.load(std::memory_order_relaxed);
        const bool same =
            now != 0 && RobustLock::token_of_owner(now) == RobustLock::token_of_owner(first);
        if (!same) return;
        static_cast<void>(os::futex_wait(never_notified, 0, std::chrono::milliseconds(1)));
    }
    refuse_to_wait(operation);
}

void SharedObject::check_watch(std::string_view operation) {
    check_file(operation);
    const int error = claim_error_.exchange(0, std::memory_order_relaxed);
    if (error == 0) return;
    throw OSError({error, std::system_category()}, operation, label(),
                  std::string("cannot look after a participant that died: ") +
                      os::ByteLock::why({error, std::system_category()}));
}

// The slot that the word of a lock names, or kNone when that is changing just now. A participant
// does not change its epoch while a lock names it. So a word that stays the same over three looks
// and does not fit the slot was not written by a process that took the lock, and no process would
// ever release it.
std::uint32_t SharedObject::owner_to_check(const std::atomic<std::uint32_t>& lock) const {
    const std::uint32_t seen = lock.load(std::memory_order_acquire);
    if (seen == 0) return ParticipantTable::kNone;
    const std::uint32_t slot = RobustLock::owner_of(seen);
    require(slot < kParticipantsMax, "a lock names an impossible owner");
    const std::uint32_t epoch = participant_table().epoch(slot);
    const std::uint32_t again = lock.load(std::memory_order_acquire);
    const std::uint32_t token = RobustLock::token_of_owner(again);
    // A slot becomes empty, and is taken again, only after its epoch has changed.
    const bool joined =
        segment().participant(slot).state.load(std::memory_order_acquire) != kFreeSlot;
    const bool changing =
        token != RobustLock::token_of_owner(seen) || participant_table().epoch(slot) != epoch;
    if (changing) return ParticipantTable::kNone;
    require(joined && token == ParticipantTable::owner_token_of(slot, epoch),
            "a lock names an owner that never took it");
    return slot;
}

void SharedObject::check_owner(const std::atomic<std::uint32_t>& lock) {
    // Bail out if the object is being closed; otherwise close() would wait for us.
    if (OperationGuard::is_inside(this)) check_open("wait");
    require(!segment().is_poisoned(), "a process has found that before");
    check_unchanged();
    const std::uint32_t slot = owner_to_check(lock);
    if (slot == ParticipantTable::kNone) return;
    if (slot == participant_table().slot()) suspect_own_lock();
    ParticipantTable::Claim claim;
    if (const std::error_code failed = participant_table().try_claim(slot, claim)) {
        const bool is_in_hand = failed == std::errc::device_or_resource_busy;
        if (!is_in_hand) claim_error_.store(failed.value(), std::memory_order_relaxed);
        return;
    }
    base::log(LogLevel::debug, "%s: the holder of a lock (slot %u) is dead: repairing",
              label().c_str(), slot);
    repair_locks(slot);
    // The rest that the dead one held is reclaimed when this thread holds no lock.
    is_reclaim_due_.store(true, std::memory_order_relaxed);
}

// Called by a thread that waits for a lock whose word names this process. The thread does not hold
// that lock itself; when no other operation is under way in this process, no thread of it does: an
// operation was cut short unnoticed, or the word is a forgery. The word and the number of
// operations are not read at one instant, so one look proves nothing: an operation of another
// thread may have ended and a third one begun in between. That this happens at each of many looks
// in a row, milliseconds apart, and never between two of them, can be ruled out. A holder that is
// preempted or stopped for however long is under way, and counted.
void SharedObject::suspect_own_lock() {
    if (OperationGuard::others_inside(this)) {
        suspicious_looks_.store(0, std::memory_order_relaxed);
        return;
    }
    if (suspicious_looks_.fetch_add(1, std::memory_order_relaxed) < kSuspiciousLooksMax) return;
    cut_short_unnoticed();
}

// ---- waiting -----------------------------------------------------------------------------------

void SharedObject::on_wait_timeout() {
    if (segment().is_poisoned()) check_open("wait");
    check_watch("wait");
    check_unchanged();
    audit_now_and_then();
    const std::uint32_t slot = participant_table().slot();
    on_slice(slot);
    const std::uint32_t end = segment().slots_used();
    const std::uint32_t from = next_looked_at_.fetch_add(kLooksPerSlice, std::memory_order_relaxed);
    bool is_one_dead = is_reclaim_due_.exchange(false, std::memory_order_relaxed);
    for (std::uint32_t look = 0; look < std::min(end, kLooksPerSlice) && !is_one_dead; ++look) {
        is_one_dead = participant_table().is_dead((from + look) % end);
    }
    if (is_one_dead) notice_deaths_within(slot);
    hand_over_log();
    os::CancellationDisabled::act_on_request();
}

void SharedObject::check_unchanged() const {
    require(segment().is_intact(), "the header has changed");
    check_constants();
}

void SharedObject::audit_now_and_then() {
    const std::uint32_t slot = participant_table().slot();
    if (slot == ParticipantTable::kNone) return;
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto at = [](auto time) { return std::chrono::nanoseconds(time).count(); };
    std::int64_t due = next_audit_.load(std::memory_order_relaxed);  // relaxed: of this process
    if (at(now) < due) return;
    const std::int64_t next = at(now + (due == 0 ? kFirstAudit : kAuditEvery));
    if (!next_audit_.compare_exchange_strong(due, next, std::memory_order_relaxed)) return;
    if (due != 0) audit({slot});
}

}  // namespace procession::inline v0::detail::shm
