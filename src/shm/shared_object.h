// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/checks.h"
#include "procession/death.h"
#include "shm/actor.h"
#include "shm/death_log.h"
#include "shm/event_count.h"
#include "shm/lock_guard.h"
#include "shm/open_object.h"
#include "shm/robust_lock.h"

namespace procession::inline v0::detail::shm {

/// An object in shared memory that survives the deaths of its participants, whatever is in it.
///
/// The object that derives from it says which locks it has, how to repair what a lock guards when
/// its holder died, how to reclaim what a participant held, and how to wake its sleepers. For that
/// it gets: locks that no death keeps taken, waits in which deaths are noticed, deaths that are
/// recorded exactly once, and all that OpenObject does.
///
/// Invariants:
///   1. reclaim() starts with no lock held by its thread. repair() takes no lock at all, so it
///      never waits; a thread that waits for a lock may call it.
///   2. Both are idempotent: the process that runs them may die, and another one starts again.
/// Threads: any number, any time.
class SharedObject : public OpenObject, private DeadOwnerHandler {
  public:
    /// How long a stopped participant may keep a process from reclaiming after a dead one.
    static constexpr std::chrono::milliseconds kReclaimPatience{20};

    /// The object of this process with the same identity, or `fresh`, which from now on is it.
    [[nodiscard]] static std::shared_ptr<SharedObject> adopt(std::shared_ptr<SharedObject> fresh);
    /// All objects of this process.
    [[nodiscard]] static std::vector<std::shared_ptr<SharedObject>> all();

    /// This process as a participant; makes it one, if it is none yet. Within an operation.
    [[nodiscard]] Actor self(Deadline until = Deadline::never()) {
        const std::uint32_t known = participant_table().slot();
        return {known != ParticipantTable::kNone ? known : own_slot(), until};
    }
    /// The same as an operation of its own.
    void take_part() {
        guarded("take part", [this] { static_cast<void>(self()); });
    }

    // Locks.
    /// Holds the lock unless the actor's deadline has passed; one that has passed before is told
    /// of a stopped holder by PeerStopped.
    template <class Which>
    [[nodiscard]] LockGuard<Which> try_acquire(LockWord<Which>& lock, Actor me,
                                               std::string_view operation) {
        PROCESSION_DEBUG_EXPECTS(has_lock(lock.word));
        return acquire_until(lock.word, me, operation) ? LockGuard<Which>(lock)
                                                       : LockGuard<Which>();
    }
    /// Throws: PeerStopped when the holder is stopped, at the actor's deadline or after its
    ///         patience, whichever is later.
    template <class Which>
    [[nodiscard]] LockGuard<Which> acquire(LockWord<Which>& lock, Actor me) {
        PROCESSION_DEBUG_EXPECTS(has_lock(lock.word));
        acquire_word(lock.word, me);
        return LockGuard<Which>(lock);
    }
    /// Holds the lock if it is free now.
    template <class Which>
    [[nodiscard]] LockGuard<Which> try_take(LockWord<Which>& lock, std::uint32_t slot) {
        PROCESSION_DEBUG_EXPECTS(has_lock(lock.word));
        return LockGuard<Which>::try_take(lock, participant_table().owner_token(slot));
    }
    /// Repairs and releases the lock if its holder is dead.
    void check_owner(const std::atomic<std::uint32_t>& lock) override;
    /// Throws: PeerStopped when a participant keeps the lock for longer than a running one does.
    void require_running_holder(const std::atomic<std::uint32_t>& lock, std::string_view operation);

    // Waiting, within an operation and after self(): only a participant notices deaths. Each wait
    // is a cancellation point, and ends when the object is closed here.
    /// True: look again; `ready` was true, or a request was served. False: the deadline passed.
    template <class Ready>
    [[nodiscard]] bool wait(EventCount& event, std::string_view operation, Deadline deadline,
                            Ready ready);
    /// For a caller in no hurry, see EventCount::wait().
    template <class Ready, class Eager>
    [[nodiscard]] bool wait(EventCount& event, std::string_view operation, Deadline deadline,
                            Ready ready, Eager eager);
    /// wait() without a deadline, and without polling first. No cancellation point.
    template <class Ready>
    void watch(EventCount& event, std::string_view operation, Ready ready);
    /// At the end of a slice of a wait: looks for deaths, audits now and then, and lets code of the
    /// program's own run that must not run within an operation.
    void on_wait_timeout();

    // Deaths.
    /// Looks for participants that died, and reclaims all that they held. Another process may be
    /// about that already: then waits for it, but no longer than `kReclaimPatience` for one that is
    /// stopped. Returns how many this call has reclaimed.
    std::size_t notice_deaths();
    /// The same; never throws, and does nothing when this process is no participant (yet).
    void notice_deaths_quickly() noexcept;
    /// For a waiter, within an operation and under no lock: looks, but waits for no repairer.
    void notice_deaths_within(std::uint32_t slot) { notice_deaths_within(slot, Repairers::ignore); }
    /// notice_deaths() within an operation. Throws: OSError.
    std::size_t reclaim_all_dead(Actor me);
    [[nodiscard]] DeathLog& death_log() noexcept { return death_log_; }
    /// Waits for a death with a number above `since`, or until the deadline passes.
    void wait_for_deaths(std::uint64_t since, Deadline deadline);

    /// Called in a child that is a fresh start of the program, while it has one thread: this object
    /// was made by the child itself, not by its parent. Its first use throws if the child still has
    /// one thread then, and logs a warning otherwise.
    void suspect_unshared() noexcept;
    /// It is passed to another process on purpose.
    void trust_shared() noexcept { seems_unshared_.store(false, std::memory_order_relaxed); }

  protected:
    explicit SharedObject(Segment segment)
        : OpenObject(std::move(segment)), death_log_(this->segment()) {}

    // What the object does.
    /// Wakes all that sleep at its event counts. Async-signal-safe.
    virtual void wake_sleepers() noexcept = 0;
    /// The words of its locks, in the order in which they are repaired; at most kLocksMax.
    [[nodiscard]] virtual std::span<std::atomic<std::uint32_t>* const> locks() const noexcept = 0;
    /// Makes whole what the lock guards. Takes no lock. Idempotent.
    virtual void repair(std::uint32_t lock, const DeadOwner& owner) = 0;
    /// Takes over all that the participant holds, under the object's locks. If it is dead, the last
    /// step is death_log().record(): a death that is not recorded there is not told. All sleepers
    /// are woken afterwards. Idempotent.
    virtual void reclaim(std::uint32_t slot, Holder is, Actor me) = 0;
    /// Compares what is counted with what is there. A lock that is taken is left alone. Throws
    /// Corrupt where no live or repaired participant can have left it so.
    virtual void audit(Actor /*me*/) {}
    /// Throws Corrupt when a constant of the object has changed: no waiter waits for what scribbled
    /// limits will never let happen.
    virtual void check_constants() const {}
    /// At the end of a slice, under no lock: what waits for its time.
    virtual void on_slice(std::uint32_t /*slot*/) {}
    /// For the debug log: what the dead one held.
    [[nodiscard]] virtual std::string describe(const DeathEntry& /*death*/) const { return {}; }

    void wake_all() noexcept final {
        wake_sleepers();
        deaths_noted_.notify_all();
    }
    void report_death(std::uint32_t dead) const;
    void give_up_all(std::uint32_t slot) override;
    void repair_own_remains() override { notice_deaths_within(self().slot); }

  private:
    friend struct ObjectForTests;  // tests/schedule: several participants in one process

    /// A lock that locks() does not name is never repaired.
    [[nodiscard]] bool has_lock(const std::atomic<std::uint32_t>& word) const noexcept {
        return std::ranges::find(locks(), &word) != locks().end();
    }
    std::uint32_t own_slot();
    /// Throws: SharingError.
    void check_unshared();
    enum class Repairers : std::uint8_t { ignore, await };
    void notice_deaths_within(std::uint32_t slot, Repairers others);
    std::size_t await_repairers(Actor me);
    [[nodiscard]] bool is_any_under_repair() const noexcept;
    bool acquire_until(std::atomic<std::uint32_t>& word, Actor me, std::string_view operation);
    void acquire_word(std::atomic<std::uint32_t>& word, Actor me);
    [[noreturn]] void refuse_to_wait(std::string_view operation) const;
    /// For waiters, which must know which participants are alive. Throws: OSError when this process
    /// can no longer tell.
    void check_watch(std::string_view operation);
    [[nodiscard]] std::uint32_t owner_to_check(const std::atomic<std::uint32_t>& lock) const;
    void suspect_own_lock();
    void repair_locks(std::uint32_t dead);
    void reclaim_dead(std::uint32_t dead, Actor me);
    void audit_now_and_then();
    /// Throws Corrupt when the header or a constant of the object has changed.
    void check_unchanged() const;
    DeathLog death_log_;
    EventCount deaths_noted_{death_log_.noted()};
    std::atomic<bool> is_reclaim_due_{false};
    std::atomic<bool> seems_unshared_{false};
    std::atomic<std::uint32_t> next_looked_at_{0};
    std::atomic<int> claim_error_{0};  // why a dead participant could not be looked after
    std::atomic<std::int64_t> next_audit_{0};
    std::atomic<std::uint32_t> suspicious_looks_{0};
};

// Of all objects of this process.

/// Reclaims at once all that dead processes held. Called when a child is known to have ended;
/// without it the waiters notice at the end of a slice. Never waits longer than a slice for a
/// stopped participant.
void notice_deaths_everywhere() noexcept;
/// In a child that is a fresh start of the program, before it runs anything: the objects that exist
/// were made by it alone, though its code may mean those of its parent.
void suspect_all_unshared() noexcept;
/// Closes them, at the end of the process.
void leave_everywhere() noexcept;

template <class Ready>
bool SharedObject::wait(EventCount& event, std::string_view operation, Deadline deadline,
                        Ready ready) {
    return wait(event, operation, deadline, ready, nullptr);
}

template <class Ready, class Eager>
bool SharedObject::wait(EventCount& event, std::string_view operation, Deadline deadline,
                        Ready ready, Eager eager) {
    PROCESSION_DEBUG_EXPECTS(participant_table().slot() != ParticipantTable::kNone);
    os::CancellationDisabled::act_on_request();
    const auto is_over = [&] { return ready() || is_interrupted(); };
    const auto at_timeout = [this] { on_wait_timeout(); };
    bool in_time = false;
    if constexpr (std::is_null_pointer_v<Eager>) {
        in_time = event.wait(deadline, is_over, at_timeout);
    } else {
        in_time =
            event.wait(deadline, is_over, at_timeout, [&] { return eager() || is_interrupted(); });
    }
    serve_requests();
    check_open(operation);
    return in_time;
}

template <class Ready>
void SharedObject::watch(EventCount& event, std::string_view operation, Ready ready) {
    PROCESSION_DEBUG_EXPECTS(participant_table().slot() != ParticipantTable::kNone);
    static_cast<void>(event.sleep(
        Deadline::never(), [&] { return ready() || is_interrupted(); },
        [this] { on_wait_timeout(); }));
    serve_requests();
    check_open(operation);
}

}  // namespace procession::inline v0::detail::shm
