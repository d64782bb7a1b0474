// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// An operation that was cut short may have left anything half done, under any lock of the object.
// So the process leaves the object as if it had died: it gives up its byte lock, others repair, and
// its next operation joins as a new participant. Before that, no other thread of it may be at work
// there: they leave at their next look at the gate, wait, and begin again.
#include "shm/open_object.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include "base/exit.h"
#include "os/futex.h"

namespace procession::inline v0::detail::shm {

namespace {

using namespace std::chrono_literals;

// For threads that are at work while the process leaves the object, or ends.
constexpr auto kPatience = 1s;

// Objects that were still in use when the last handle was destroyed. Never destroyed; the list
// keeps them reachable.
constinit std::atomic<OpenObject*> kept{nullptr};

}  // namespace

OpenObject::OpenObject(Segment segment) : segment_(std::move(segment)), participants_(segment_) {}

OpenObject::Label OpenObject::label() const noexcept {
    Label label(kind());
    const Segment::Name name = segment_.name();
    if (!name.empty()) label.append(" '").append(name).append("'");
    return label;
}

void OpenObject::close_at_destruction() noexcept {
    stop_listening();
    try {
        close();
    } catch (const std::exception& failed) {
        // This thread has never used an object, and there is no memory for its record. No other
        // thread can be inside: this was the last handle.
        gate_.fetch_or(kClosed);
        on_close();
        leave_to_others(failed.what());
    }
}

// The last handle is gone. A thread may still be at work in the object: a static one is destroyed
// when main() has returned, or when a signal handler has called exit(). Then it stays, and each
// thread that comes to it waits for the end of the process, as in Python.
void OpenObject::release(OpenObject* object) noexcept {
    const bool is_in_use = OperationGuard::is_inside(object) || base::is_exiting() ||
                           OperationGuard::others_inside(object);
    if (!is_in_use) {
        delete object;
        return;
    }
    object->next_kept_ = kept.load();
    while (!kept.compare_exchange_weak(object->next_kept_, object)) {}
    object->leave_at_exit();
}

void OpenObject::wait_for_exit() noexcept {
    base::LogHold::flush();
    for (std::atomic<std::uint32_t> never{0};;) os::futex_wait(never, 0, std::chrono::hours(1));
}

void OpenObject::refuse_use(std::string_view operation) const {
    const std::uint32_t gate = gate_.load();
    if ((gate & kExiting) != 0) throw Exiting();
    if ((gate & kClosed) != 0) {
        throw ClosedError(operation, label(),
                          "it is closed in this process, with all its handles here; receive it "
                          "once more to use it");
    }
    if ((gate & kCutShort) != 0) throw CutShort();
    if (segment_.is_poisoned()) {
        throw CorruptSegment(operation, label(),
                             "the shared memory was found corrupt; make a new object");
    }
}

void OpenObject::refuse_reentry(std::string_view operation) const {
    throw ValueError(operation, label(),
                     "it is called from inside itself: this thread is in the middle of an "
                     "operation on it, which a signal handler has interrupted or longjmp "
                     "has left; a handler may call shutdown(), or set a flag");
}

void OpenObject::check_file(std::string_view operation) const {
    if (segment_.has_file()) return;
    throw OSError(std::make_error_code(std::errc::bad_file_descriptor), operation, label(),
                  "its descriptor " + os::text_of(segment_.file().get()) +
                      " was closed by another part of this program (closefrom, daemon?); what was "
                      "put and taken is safe, but this process can no longer wait, pass it "
                      "on, or make it grow");
}

void OpenObject::with_file(std::string_view operation,
                           const std::function<void(const os::Handle&)>& use) {
    guarded(operation, [&] {
        check_file(operation);
        use(segment_.file());
    });
}

// ---- operations --------------------------------------------------------------------------------

void OpenObject::begin_operation(std::string_view operation, bool is_nested) {
    if (is_nested) refuse_reentry(operation);
    // relaxed: once is enough, and twice does no harm
    if (!is_exit_watched_.load(std::memory_order_relaxed)) [[unlikely]] {
        is_exit_watched_.store(true, std::memory_order_relaxed);
        base::watch_exit();
    }
    check_open(operation);
    serve_requests();
    // This process repairs its own remains: no other one needs to wait for that, and this operation
    // comes after the repair.
    if (is_repair_due_.load(std::memory_order_relaxed) && is_repair_due_.exchange(false)) {
        repair_own_remains();
    }
}

void OpenObject::serve_requests() {
    if ((gate_.load(std::memory_order_relaxed) & kRequests) == 0) return;
    const std::uint32_t requests = gate_.fetch_and(~kRequests) & kRequests;
    if (requests == 0) return;
    try {
        serve(requests);
    } catch (const std::exception&) {  // a participant is stopped: at the next operation
        gate_.fetch_or(requests);
        throw;
    }
}

// An operation of this thread has ended while the gate was not 0.
void OpenObject::after_operation() noexcept {
    ended_.fetch_add(1);
    os::futex_wake(ended_, INT32_MAX);
    if (OperationGuard::is_inside(this)) return;
    const std::uint32_t requests = gate_.fetch_and(~kRequests) & kRequests;
    if (requests == 0) return;
    try {
        guarded("serve a signal handler's request", [&] { serve(requests); });
    } catch (const std::exception& failed) {
        gate_.fetch_or(requests);
        base::log(LogLevel::warning, "what a signal handler requested waits: %s", failed.what());
    }
}

void OpenObject::hand_over_log() {
    if (!base::LogHold::has_lines()) return;
    const std::uint32_t generation = participants_.generation();
    {
        const OperationPause outside;
        base::LogHold::flush();
    }
    check_open("wait");
    if (participants_.generation() != generation) throw CutShort();
}

// ---- operations that were cut short ------------------------------------------------------------

// Called where it is noticed that one was cut short, or at the end of the thread. The object's
// locks may still be held: nothing that is called here takes one of them, or allocates memory.
void OpenObject::operation_cut_short() noexcept {
    gate_.fetch_or(kCutShort);
    static_cast<void>(leave_as_if_killed());
}

void OpenObject::Closing::operation_cut_short() noexcept {
    object.coming_back_.reset_after_fork();  // this thread may have held it
    object.operation_cut_short();
}

void OpenObject::cut_short_unnoticed() {
    gate_.fetch_or(kCutShort);
    throw CutShort();
}

bool OpenObject::wait_until_alone(Deadline deadline) noexcept {
    // This process's own sleepers see the gate; then those that are inside leave.
    wake_all();
    for (;;) {
        const std::uint32_t ended = ended_.load();
        const bool others_work =
            OperationGuard::others_inside(this) || OperationGuard::others_inside(&closing_);
        if (!others_work) return true;
        if (deadline.expired()) return false;
        os::futex_wait(ended_, ended, 10ms);
    }
}

// False when it cannot be done yet.
bool OpenObject::leave_as_if_killed() noexcept {
    const Deadline deadline(kPatience);
    std::unique_lock one_at_a_time(coming_back_, std::defer_lock);
    while (!one_at_a_time.try_lock()) {
        if (deadline.expired()) return false;
        os::yield();
    }
    if ((gate_.load() & kCutShort) == 0 || has_no_memory_.load()) return true;
    // What this process may write to at any time must stay its own.
    if (!wait_until_alone(deadline) || writers_.load() != 0 || readers_.load() != 0) return false;
    participants_.leave_as_if_killed();
    forget(Reason::cut_short);
    is_repair_due_.store(true);
    gate_.fetch_and(~kCutShort);
    wake_all();
    one_at_a_time.unlock();
    base::log(
        LogLevel::warning,
        "%s: an operation was cut short (longjmp, the end of its thread, or exit() in a signal "
        "handler): this process leaves it as if it had died; its leases are given back",
        label().c_str());
    return true;
}

// Under no lock, before the operation that has noticed it begins again.
void OpenObject::come_back(std::string_view operation) {
    if (leave_as_if_killed()) return;
    throw ProcessError({}, operation, label(),
                       "an operation of this process on it was cut short (longjmp, the end of its "
                       "thread, or exit() in a signal handler), and the process cannot leave it "
                       "yet: end its loans and views, and what its other threads do there");
}

// ---- fork --------------------------------------------------------------------------------------

void OpenObject::prepare_child() noexcept {
    participants_.become_own([this] {
        OperationGuard::forget_other_threads();
        forget_parent();
    });
}

void OpenObject::forget_parent() noexcept {
    forget(Reason::forked);
    coming_back_.reset_after_fork();
    gate_.fetch_and(kClosed | kExiting);
    forked_unreported_.store(true, std::memory_order_relaxed);
}

// The leases of a parent stay the parent's.
void OpenObject::forget(Reason reason) noexcept {
    joining_.reset_after_fork();
    writers_.store(0, std::memory_order_relaxed);
    readers_.store(0, std::memory_order_relaxed);
    forget_own_state(reason);
}

void OpenObject::report_after_fork() {
    if (!forked_unreported_.exchange(false)) return;
    base::log(LogLevel::debug,
              "Queue._after_fork: %s is inherited: same memory (descriptor %s); leases, locks and "
              "identity are fresh",
              label().c_str(), os::text_of(segment_.file().get()).c_str());
}

// ---- close -------------------------------------------------------------------------------------

void OpenObject::require_no_uses() const {
    const std::uint32_t writers = writers_.load();
    const std::uint32_t readers = readers_.load();
    if (writers == 0 && readers == 0) return;
    throw ValueError("close", label(),
                     "this process has " + std::to_string(writers) + " loans and " +
                         std::to_string(readers) +
                         " views of it; publish or drop them before it is closed");
}

void OpenObject::end_writing() noexcept {
    if (writers_.fetch_sub(1) == 1) release_memory();
}

void OpenObject::end_reading() noexcept {
    if (readers_.fetch_sub(1) == 1) release_memory();
}

void OpenObject::leave_at_exit() {
    // Another thread may write to the memory until the very end. So this process leaves as if it
    // had died, and all that it held is taken over afterwards. The same holds when this thread is
    // inside the object itself, because a signal handler has called exit().
    if (writers_.load() != 0 || OperationGuard::is_inside(this)) return;
    let_go(kClosed | kExiting, Deadline(std::chrono::seconds(1)));
}

void OpenObject::close() {
    if (participants_.is_unprepared_child()) prepare_child();
    if (OperationGuard::is_still_inside(this)) refuse_reentry("close");
    require_no_uses();
    let_go(kClosed, Deadline::never());
}

void OpenObject::let_go(std::uint32_t how, Deadline deadline) {
    const os::CancellationDisabled no_cancellation;
    const base::LogHold no_log;
    const OperationGuard inside(&closing_);  // it may be cut short as well
    if ((gate_.fetch_or(how) & kClosed) != 0) return;
    on_close();
    if (!wait_until_alone(deadline)) return;  // the end of the process does it
    leave();
    has_left_.store(true);
    release_memory();
}

// Also called by the last loan or view that ends after close(). Does nothing when the process ends:
// other threads may be at work until the very end.
void OpenObject::release_memory() noexcept {
    if (!has_left_.load() || is_exiting()) return;
    if (writers_.load() != 0 || readers_.load() != 0) return;
    // If the lock is taken, leave_as_if_killed() runs on another thread, and the last handle
    // releases the memory.
    const std::unique_lock alone(coming_back_, std::try_to_lock);
    if (!alone.owns_lock() || has_no_memory_.exchange(true)) return;
    // If this process has not left, the others repair as they do after a death.
    if (participants_.slot() != ParticipantTable::kNone) participants_.leave_as_if_killed();
    segment_.release();
}

void OpenObject::leave_as_if_killed_now() noexcept {
    participants_.leave_as_if_killed();
    wake_all();
}

// What is held here comes back as after a death.
void OpenObject::leave_to_others(const char* why) noexcept {
    base::log(LogLevel::warning, "closing %s: %s; left to the others", label().c_str(), why);
    leave_as_if_killed_now();
}

void OpenObject::leave() {
    const std::uint32_t slot = participants_.slot();
    if (slot == ParticipantTable::kNone || segment_.is_poisoned()) return;
    if (writers_.load() != 0) return;  // one began just now: left to the others, after our end
    try {
        give_up_all(slot);
        participants_.leave();
    } catch (const std::exception& failed) {
        // A participant is stopped, or there is no memory.
        leave_to_others(failed.what());
    } catch (const CutShort&) {
        leave_as_if_killed_now();
    } catch (const Corrupt& corrupt) {
        segment_.poison();
        base::log(LogLevel::error, "closing %s: the shared memory is corrupt: %s", label().c_str(),
                  corrupt.what);
    }
}

}  // namespace procession::inline v0::detail::shm
