// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/core.h"

#include <algorithm>
#include <utility>

#include "base/logging.h"
#include "base/process_singleton.h"
#include "queue/core_impl.h"

namespace procession::queue {

namespace {

/// The queues of this process, so that the same one arriving twice is one participant. Its lock is
/// never held while a Core is made or ends.
class Registry final : public os::LockedAcrossForks {
  public:
    static Registry& instance() { return base::ProcessSingleton<Registry>::instance(); }
    /// The registered queue with this identity, or `fresh`, registered.
    std::shared_ptr<Core> adopt(std::shared_ptr<Core> fresh) {
        // Let go of after the lock: these may be the last references.
        std::vector<std::shared_ptr<Core>> looked_at;
        const std::lock_guard guard(lock_);
        std::erase_if(cores_, [](const auto& known) { return known.expired(); });
        for (const auto& known : cores_) {
            looked_at.push_back(known.lock());
            const auto& core = looked_at.back();
            const bool same = core && !core->is_closed() &&
                              core->segment().identity() == fresh->segment().identity();
            if (same) return core;
        }
        cores_.push_back(fresh);
        return fresh;
    }
    std::vector<std::shared_ptr<Core>> all() {
        std::vector<std::shared_ptr<Core>> living;
        const std::lock_guard guard(lock_);
        for (const auto& known : cores_) {
            if (auto core = known.lock()) living.push_back(std::move(core));
        }
        return living;
    }

  private:
    friend class base::ProcessSingleton<Registry>;
    Registry() { start_listening(); }

    std::vector<std::weak_ptr<Core>> cores_;
};

}  // namespace

std::shared_ptr<Core> Core::create(Kind kind, const TypeStamp& stamp, const QueueOptions& options) {
    constexpr std::uint64_t least = std::uint64_t{kChunkBytes} * 2;
    if (options.memory_limit < least) {
        throw ValueError("create", options.name,
                         "memory_limit is " + std::to_string(options.memory_limit) + "; at least " +
                             std::to_string(least) + " bytes are needed");
    }
    if (options.max_deliveries == 0) {
        throw ValueError("create", options.name, "max_deliveries is 0; at least 1 is needed");
    }
    if (options.name.size() >= sizeof(shm::SegmentHeader::name)) {
        throw ValueError("create", options.name,
                         "the name has " + std::to_string(options.name.size()) +
                             " bytes; at most 63 are kept: give a shorter one");
    }
    shm::SegmentPlan plan;
    plan.kind = static_cast<std::uint32_t>(kind);
    plan.memory_limit = options.memory_limit;
    plan.stamp_format = static_cast<std::uint32_t>(stamp.format);
    plan.stamp_hash = stamp.hash;
    plan.signature = stamp.signature;
    plan.name = options.name;
    Registry& registry = Registry::instance();
    std::shared_ptr<Core> core(new Core(shm::Segment::create(plan)), release);
    core->initialise(options);
    return registry.adopt(std::move(core));
}

std::shared_ptr<Core> Core::attach(os::Handle file) {
    Registry& registry = Registry::instance();
    shm::Segment segment = shm::Segment::attach(std::move(file));
    const auto kind = static_cast<Kind>(segment.header().kind);
    if (kind != Kind::plain && kind != Kind::joinable) {
        throw CorruptSegment("attach", segment.name(), "the shared memory holds no queue");
    }
    std::shared_ptr<Core> core(new Core(std::move(segment)), release);
    return registry.adopt(std::move(core));
}

Core::Core(shm::Segment segment)
    : segment_(std::move(segment)),
      state_(*reinterpret_cast<State*>(segment_.object())),
      participants_(segment_),
      backing_(segment_),
      pool_(state_.pool, segment_.table(), segment_.data(), segment_.units_max(), &backing_),
      joinable_(static_cast<Kind>(segment_.header().kind) == Kind::joinable),
      log_(state_.tail, state_.head, pool_, RecordLayout(joinable_)),
      returned_(state_.returned, log_),
      not_empty_(state_.not_empty),
      not_full_(state_.not_full),
      all_done_(state_.all_done),
      death_log_(segment_, log_, pool_),
      death_bell_(death_log_.bell()),
      constants_(read_constants()) {
    start_listening();
}

void Core::initialise(const QueueOptions& options) {
    state_.maxsize = options.maxsize;
    state_.max_bytes = options.max_bytes;
    state_.max_deliveries = options.max_deliveries;
    state_.dead_letter_on_exception = options.on_exception == OnException::dead_letter ? 1 : 0;
    constants_ = read_constants();
    PROCESSION_STEP("create.configured");
    const Actor me = self();
    log_.begin(take_block(kChunkBytes, me));
}

Core::~Core() {
    stop_listening();
    try {
        close();
    } catch (const std::exception& failed) {
        // The items are given back by the process that notices the end of this one.
        base::log(LogLevel::warning, "closing a queue failed: %s", failed.what());
    }
    delete forgotten_books_.load();
    delete owed_.load();
}

std::vector<std::shared_ptr<Core>> Core::all() { return Registry::instance().all(); }

std::string Core::label() const {
    const std::string name = segment_.name();
    return (joinable_ ? "JoinableQueue" : "Queue") + (name.empty() ? "" : " '" + name + "'");
}

// Joins, if this process has not done so.
std::uint32_t Core::own_slot() {
    const std::lock_guard guard(joining_);
    if (participants_.slot() != shm::ParticipantTable::kNone) return participants_.slot();
    check_unshared();
    report_after_fork();
    bool stale = false;
    const std::uint32_t slot = participants_.claim_slot(stale);
    // The slot's last owner died unnoticed: this process repairs after it before it joins.
    try {
        if (stale) sweep(slot, {slot});
    } catch (...) {
        participants_.give_up();  // so that another process can try
        throw;
    }
    if (stale) participants_.release_predecessor(slot);
    death_log_.forget(slot);
    participants_.confirm(slot);
    return slot;
}

void Core::refuse_use(std::string_view operation) const {
    const std::uint32_t gate = gate_.load();
    if ((gate & kEnding) != 0) throw Ending();
    if ((gate & kClosed) != 0) {
        throw ClosedError(operation, label(),
                          "it is closed in this process, with all its handles here; receive it "
                          "once more to use it");
    }
    if ((gate & kCutShort) != 0) throw CutShort();
    if (segment_.is_poisoned()) {
        throw CorruptSegment(operation, label(),
                             "the shared memory was found corrupt; make a new queue");
    }
}

bool Core::try_acquire(std::atomic<std::uint32_t>& word, Actor me, std::string_view operation) {
    shm::RobustLock lock(word, participants_.owner_token(me.slot));
    if (lock.try_acquire()) return true;
    vain_looks_.store(0, std::memory_order_relaxed);
    // Even a non-blocking call must not report empty or full just because the lock is busy.
    const bool would_not_wait = me.until.has_passed();
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

void Core::acquire(std::atomic<std::uint32_t>& word, Actor me) {
    shm::RobustLock lock(word, participants_.owner_token(me.slot));
    if (lock.try_acquire()) return;
    vain_looks_.store(0, std::memory_order_relaxed);
    const Deadline patient(me.patience);
    const bool own_is_later = me.until.time_point() > patient.time_point();
    if (!lock.acquire(own_is_later ? me.until : patient, *this)) refuse_to_wait("wait");
}

void Core::refuse_to_wait(std::string_view operation) const {
    throw TimeoutError(operation, label(),
                       "a participant is stopped inside an operation on the queue (SIGSTOP or a "
                       "debugger?); continue or kill it");
}

void Core::check_watch(std::string_view operation) {
    check_file(operation);
    const int error = claim_error_.exchange(0, std::memory_order_relaxed);
    if (error == 0) return;
    throw OSError({error, std::system_category()}, operation, label(),
                  std::string("cannot look after a participant that died: ") +
                      os::ByteLock::why({error, std::system_category()}));
}

void Core::check_file(std::string_view operation) const {
    if (segment_.has_file()) return;
    throw OSError(std::make_error_code(std::errc::bad_file_descriptor), operation, label(),
                  "its descriptor " + os::text_of(segment_.file().get()) +
                      " was closed by another part of this program (closefrom, daemon?); what was "
                      "put and taken is safe, but this process can no longer wait, pass the queue "
                      "on, or make it grow");
}

void Core::with_file(std::string_view operation,
                     const std::function<void(const os::Handle&)>& use) {
    guarded(operation, [&] {
        check_file(operation);
        use(segment_.file());
    });
}

void Core::after_fork_in_child() noexcept { forget_parent(); }

void Core::prepare_child() noexcept {
    participants_.become_own([this] {
        shm::OperationGuard::forget_other_threads();
        forget_parent();
    });
}

void Core::forget_parent() noexcept {
    forget_own_state();
    coming_back_.reset_after_fork();
    gate_.fetch_and(kClosed | kEnding);
    watching_.reset_after_fork();
    for (auto& watcher : watchers_) watcher.reset_after_fork();
    is_watched_.store(false, std::memory_order_relaxed);
    forked_unreported_.store(true, std::memory_order_relaxed);
}

// Forgets the items that this process has taken, and resets its own locks. The leases of a parent
// stay the parent's. The lease books are left alone: another thread of the parent, or an operation
// that was cut short, may have been writing to them.
void Core::forget_own_state() noexcept {
    lease_books_.reset_after_fork();
    waiting_letters_.reset_after_fork();
    attachments_.reset_after_fork();
    joining_.reset_after_fork();
    suspects_.reset_after_fork();
    finishing_.reset_after_fork();
    loans_.store(0, std::memory_order_relaxed);
    views_.store(0, std::memory_order_relaxed);
}

void Core::report_after_fork() {
    if (!forked_unreported_.exchange(false)) return;
    base::log(LogLevel::debug,
              "Queue._after_fork: %s is inherited: same memory (descriptor %s); leases, locks and "
              "identity are fresh",
              label().c_str(), os::text_of(segment_.file().get()).c_str());
}

std::uint32_t Core::take_block(std::uint64_t bytes, Actor me) {
    const std::uint64_t units_wide = (bytes + shm::kUnitBytes - 1) / shm::kUnitBytes;
    if (units_wide > pool_.units_max()) refuse_memory({}, bytes);
    acquire(state_.memory_lock, me);
    const Lock lock(state_.memory_lock);
    std::error_code failed;
    const std::uint32_t unit = pool_.take(static_cast<std::uint32_t>(units_wide), me.slot, failed);
    if (failed == std::errc::bad_file_descriptor) check_file("put");
    if (unit == shm::BlockPool::kNone) refuse_memory(failed, bytes);
    return unit;
}

void Core::give_block(std::uint32_t unit, Actor me) {
    if (is_closed()) return;  // freed by the thread that closed it
    try {
        acquire(state_.memory_lock, me);
    } catch (const TimeoutError&) {
        return;  // what the caller has achieved stands; the block is ours, and freed when we leave
    }
    const Lock lock(state_.memory_lock);
    pool_.give(unit);
    pool_.decommit_excess();
}

void Core::refuse_memory(std::error_code code, std::uint64_t bytes) {
    const auto in_units = [](std::uint64_t units) {
        return std::to_string(units * shm::kUnitBytes);
    };
    std::string message = "no memory for " + std::to_string(bytes) + " bytes more: ";
    if (code) {
        message += "the system has " + std::to_string(os::available_memory()) +
                   " bytes available; drain the queue or free memory";
    } else {
        message += in_units(pool_.units_used()) + " of the queue's memory_limit of " +
                   in_units(pool_.units_max()) +
                   " bytes are in use; drain it, or make it with a greater memory_limit";
    }
    throw MemoryError(code ? code : std::make_error_code(std::errc::not_enough_memory), "put",
                      label(), message);
}

void Core::leave_at_the_end() {
    // Another thread may write to the memory until the very end. So this process leaves as if it
    // had died, and all that it held is taken over afterwards. The same holds when this thread is
    // inside the queue itself, because a signal handler has called exit().
    if (loans_.load() != 0 || shm::OperationGuard::is_inside(this)) return;
    let_go(kClosed | kEnding, Deadline(std::chrono::seconds(1)));
}

void Core::close() {
    if (participants_.is_unprepared_child()) prepare_child();
    if (shm::OperationGuard::is_still_inside(this)) refuse_reentry("close");
    require_no_loans();
    let_go(kClosed, Deadline::never());
}

void Core::let_go(std::uint32_t how, Deadline deadline) {
    const os::CancellationDisabled no_cancellation;
    const base::LogHold no_log;
    const shm::OperationGuard inside(&closing_);  // it may be cut short as well
    if ((gate_.fetch_or(how) & kClosed) != 0) return;
    // Leased items wait again, and so do their handles.
    if (Attachments* held = attachments_.if_made()) held->leave_all();
    if (!wait_until_alone(deadline)) return;  // the end of the process does it
    leave_queue();
    has_left_.store(true);
    release_memory();
}

// Also called by the last loan or view that ends after close(). Does nothing when the process ends:
// other threads may be at work until the very end.
void Core::release_memory() noexcept {
    if (!has_left_.load() || is_ending()) return;
    if (loans_.load() != 0 || views_.load() != 0) return;
    // If the lock is taken, leave_as_if_killed() runs on another thread, and the last handle
    // releases the memory.
    const std::unique_lock alone(coming_back_, std::try_to_lock);
    if (!alone.owns_lock() || has_no_memory_.exchange(true)) return;
    // If this process has not left, the others repair as they do after a death.
    if (participants_.slot() != shm::ParticipantTable::kNone) participants_.leave_as_if_killed();
    segment_.release();
}

void Core::leave_queue() {
    const std::uint32_t slot = participants_.slot();
    if (slot == shm::ParticipantTable::kNone || segment_.is_poisoned()) return;
    if (loans_.load() != 0) return;  // one began just now: left to the others, after our end
    try {
        give_up_all(slot);
    } catch (const std::exception& failed) {
        // A participant is stopped, or there is no memory: the items held here come back as after a
        // death.
        base::log(LogLevel::warning, "closing %s: %s; left to the others", label().c_str(),
                  failed.what());
        participants_.leave_as_if_killed();
        wake_everybody();
    } catch (const CutShort&) {
        participants_.leave_as_if_killed();
        wake_everybody();
    } catch (const shm::Corrupt& corrupt) {
        segment_.poison();
        base::log(LogLevel::error, "closing %s: the shared memory is corrupt: %s", label().c_str(),
                  corrupt.what);
    }
}

// Called when no thread of this process is inside the queue any more.
void Core::give_up_all(std::uint32_t slot) {
    if (is_any_lock_mine(slot)) throw CutShort();
    const std::size_t letters = write_waiting_letters(slot);
    if (letters != 0 && !joinable_) {
        base::log(LogLevel::error, "closing %s: no memory for %zu dead letters: they are lost",
                  label().c_str(), letters);
    }
    // The caller gave no deadline: the patience limits the wait for a stopped participant.
    take_over_all(slot, Holder::leaving, {slot, Deadline::now()});
    wake_everybody();
    PROCESSION_STEP("close.given_back");
    participants_.leave();
}

}  // namespace procession::queue
