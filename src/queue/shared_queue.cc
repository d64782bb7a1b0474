// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/shared_queue.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/logging.h"
#include "os/mapping.h"
#include "os/memory_file.h"
#include "procession/error.h"
#include "queue/observation.h"
#include "shm/participants.h"

namespace procession::inline v0::detail::queue {

namespace {

constexpr std::uint64_t kLeastMemory = std::uint64_t{kChunkBytes} * 2;

// A thousand queues take at most half of the address space that this process may have.
std::uint64_t default_memory_limit() noexcept {
    constexpr std::uint64_t most = std::uint64_t{4} << 30;
    constexpr std::uint64_t least = std::uint64_t{512} << 10;
    static_assert(least >= kLeastMemory);
    return std::clamp(os::address_space_limit() / 2048, least, most);
}

}  // namespace

// ---- made --------------------------------------------------------------------------------------

std::shared_ptr<SharedQueue> SharedQueue::create(QueueKind kind, const TypeStamp& stamp,
                                                 const QueueOptions& options) {
    if (options.memory_limit != 0 && options.memory_limit < kLeastMemory) {
        throw ValueError("create", options.name,
                         "memory_limit is " + std::to_string(options.memory_limit) + "; at least " +
                             std::to_string(kLeastMemory) +
                             " bytes are needed, or 0 for the default");
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
    plan.memory_limit = options.memory_limit != 0 ? options.memory_limit : default_memory_limit();
    plan.stamp = stamp;
    plan.name = options.name;
    std::shared_ptr<SharedQueue> queue(new SharedQueue(shm::Segment::create(plan)), release);
    queue->initialise(options);
    return std::static_pointer_cast<SharedQueue>(adopt(std::move(queue)));
}

std::shared_ptr<SharedQueue> SharedQueue::attach(os::Handle file) {
    shm::Segment segment = shm::Segment::attach(std::move(file));
    static_cast<void>(kind_of(segment));
    std::shared_ptr<SharedQueue> fresh(new SharedQueue(std::move(segment)), release);
    const auto known = std::dynamic_pointer_cast<SharedQueue>(adopt(std::move(fresh)));
    if (known == nullptr) {
        throw CorruptSegment("attach", "shared memory", "its kind has changed meanwhile");
    }
    return known;
}

SharedQueue::SharedQueue(shm::Segment fresh)
    : SharedObject(std::move(fresh)),
      memory_(segment()),
      locks_{&memory_.state.memory_lock.word, &memory_.state.tail_lock.word,
             &memory_.state.head_lock.word},
      recovery_(*this, memory_),
      leases_(*this, memory_),
      undecodable_(*this, memory_),
      producer_(*this, memory_),
      consumer_(*this, memory_),
      watchers_(*this, memory_) {
    start_listening();
}

void SharedQueue::initialise(const QueueOptions& options) {
    State& state = memory_.state;
    state.maxsize = options.maxsize;
    state.max_bytes = options.max_bytes;
    state.max_deliveries = options.max_deliveries;
    state.dead_letter_on_exception = options.on_exception == OnException::dead_letter ? 1 : 0;
    memory_.limits = Limits::of(state);
    PROCESSION_STEP("create.configured");
    memory_.tail.begin(state.head, take_block(kChunkBytes, self()));
}

SharedQueue::~SharedQueue() { close_at_destruction(); }

const char* SharedQueue::kind() const noexcept { return type_name(queue_kind()); }

// ---- memory ------------------------------------------------------------------------------------

std::uint32_t SharedQueue::take_block(std::uint64_t bytes, shm::Actor me) {
    const std::uint64_t units_wide = (bytes + shm::kUnitBytes - 1) / shm::kUnitBytes;
    if (units_wide > memory_.pool.units_max()) refuse_memory({}, bytes);
    const auto lock = acquire(memory_.state.memory_lock, me);
    std::error_code failed;
    const std::uint32_t unit =
        memory_.pool.take(lock.proof(), static_cast<std::uint32_t>(units_wide), me.slot, failed);
    if (failed == std::errc::bad_file_descriptor) check_file("put");
    if (unit == shm::BlockPool::kNone) refuse_memory(failed, bytes);
    return unit;
}

void SharedQueue::give_block(std::uint32_t unit, shm::Actor me) {
    if (is_closed()) return;  // freed by the thread that closed it
    shm::LockGuard<MemoryLock> lock;
    try {
        lock = acquire(memory_.state.memory_lock, me);
    } catch (const PeerStopped&) {
        return;  // what the caller has achieved stands; the block is ours, and freed when we leave
    }
    memory_.pool.give(lock.proof(), unit);
    memory_.pool.decommit_excess(lock.proof());
}

void SharedQueue::refuse_memory(std::error_code code, std::uint64_t bytes) const {
    const auto in_units = [](std::uint64_t units) {
        return std::to_string(units * shm::kUnitBytes);
    };
    std::string message = "no memory for " + std::to_string(bytes) + " bytes more: ";
    if (code) {
        message += "the system has " + std::to_string(os::available_memory()) +
                   " bytes available; drain the queue or free memory";
    } else {
        message += in_units(memory_.pool.units_used()) + " of the queue's memory_limit of " +
                   in_units(memory_.pool.units_max()) +
                   " bytes are in use; drain it, or make it with a greater memory_limit";
    }
    throw MemoryError(code ? code : std::make_error_code(std::errc::not_enough_memory), "put",
                      label(), message);
}

// ---- as a SharedObject -------------------------------------------------------------------------

void SharedQueue::repair(std::uint32_t lock, const shm::DeadOwner& owner) {
    recovery_.repair(lock, owner);
}

void SharedQueue::reclaim(std::uint32_t slot, shm::Holder is, shm::Actor me) {
    if (recovery_.reclaim(slot, is, me)) report_death(slot);
}

void SharedQueue::wake_sleepers() noexcept {
    memory_.not_empty.notify_all();
    memory_.not_full.notify_all();
    memory_.all_done.notify_all();
}

void SharedQueue::audit(shm::Actor me) { recovery_.audit(me); }

void SharedQueue::check_constants() const {
    shm::require(Limits::of(memory_.state) == memory_.limits,
                 "the limits of the queue have changed");
    shm::require(memory_.state.shutdown.load(std::memory_order_relaxed) <= kImmediate,
                 "the queue is in no known state");
}

void SharedQueue::on_slice(std::uint32_t slot) { undecodable_.write_pending(slot); }

std::string SharedQueue::describe(const shm::DeathEntry& death) const {
    const auto& tallies = death.tallies;
    char text[256];
    std::snprintf(text, sizeof text,
                  " holding %u items: %u wait again, %u are dead letters, %u dropped; %u lost in "
                  "hand; inner locks:%s%s%s",
                  tallies[kRedelivered] + tallies[kDeadLettered] + tallies[kDropped],
                  tallies[kRedelivered], tallies[kDeadLettered], tallies[kDropped],
                  tallies[kLostAtHead] + tallies[kLostInBlocks],
                  (death.locks & 1U << kTailLock) != 0 ? " producers'" : "",
                  (death.locks & 1U << kHeadLock) != 0 ? " consumers'" : "",
                  (death.locks & 1U << kMemoryLock) != 0 ? " memory's" : "");
    return text;
}

void SharedQueue::give_up_all(std::uint32_t slot) {
    const std::size_t letters = undecodable_.write_pending(slot);
    if (letters != 0 && !memory_.joinable) {
        base::log(LogLevel::error, "closing %s: no memory for %zu dead letters: they are lost",
                  label().c_str(), letters);
    }
    SharedObject::give_up_all(slot);
}

void SharedQueue::forget_own_state(Reason reason) noexcept {
    leases_.forget_own_state(reason == Reason::cut_short);
    undecodable_.forget_own_state();
    if (reason == Reason::forked) watchers_.forget();
}

void SharedQueue::repair_own_remains() {
    leases_.forget_old_books();
    SharedObject::repair_own_remains();
}

void SharedQueue::on_close() noexcept { leases_.leave_attachments(); }

// ---- shutdown ----------------------------------------------------------------------------------

bool SharedQueue::is_shut_down() {
    return guarded("shutdown", [&] { return memory_.is_shut_down(); });
}

void SharedQueue::shutdown(bool immediate) {
    if (shm::OperationGuard::is_still_inside(this)) {
        shut_down_from_inside(immediate);
    } else {
        guarded("shutdown", [&] { shut_down(immediate); });
    }
}

void SharedQueue::serve(std::uint32_t requests) { shut_down((requests & kShutDownNow) != 0); }

void SharedQueue::shut_down(bool immediate) {
    {
        const auto lock = acquire(memory_.state.tail_lock, self());
        store_shutdown(lock.proof(), immediate);
    }
    wake_all();
    if (immediate) consumer_.drain();
}

void SharedQueue::store_shutdown(HoldsTail /*lock*/, bool immediate) {
    auto& shutdown = memory_.state.shutdown;
    const std::uint32_t wanted = immediate ? kImmediate : kDraining;
    const std::uint32_t now = shutdown.load(std::memory_order_relaxed);
    shm::require(now <= kImmediate, "the queue is in no known state");
    shutdown.store(std::max(now, wanted), std::memory_order_release);
    PROCESSION_STEP("shutdown.stored");
}

// In a signal handler that has interrupted an operation of this very thread. Only async-signal-safe
// calls: the lock is taken if it is free, otherwise the interrupted operation shuts down when it
// ends or wakes.
void SharedQueue::shut_down_from_inside(bool immediate) noexcept {
    const std::uint32_t slot = participant_table().slot();
    bool is_done = false;
    if (slot != shm::ParticipantTable::kNone && is_usable() && !immediate) {
        if (const auto lock = try_take(memory_.state.tail_lock, slot)) {
            is_done = true;
            // Another value is corrupt, which the next operation finds.
            const bool is_known =
                memory_.state.shutdown.load(std::memory_order_relaxed) <= kImmediate;
            if (is_known) store_shutdown(lock.proof(), false);
        }
    }
    if (!is_done) request(immediate ? kShutDownNow : kShutDown);
    wake_all();
}

// ---- what there is -----------------------------------------------------------------------------

std::uint64_t SharedQueue::qsize() {
    const Waiting waiting = guarded("qsize", [this] { return count_waiting(); });
    return waiting.in_log + waiting.returned;
}

// Within an operation.
Waiting SharedQueue::count_waiting() {
    const shm::Actor me = self();
    // A lock that is held now may be a dead one's, with counts not yet repaired.
    check_owner(memory_.state.tail_lock.word);
    check_owner(memory_.state.head_lock.word);
    // A participant that died while changing the list of returned items left the list, and its
    // count, to the next holder of the lock. When that is another process, it settles the same
    // first.
    if (memory_.leases.is_list_torn()) {
        const auto lock = try_take(memory_.state.head_lock, me.slot);
        if (lock) consumer_.settle(lock.proof(), me);
    }
    Waiting waiting;
    if (read_waiting(memory_.state, waiting)) return waiting;
    // The consumers are busy: this makes them wait a moment. Then only a scribbler changes their
    // counts.
    const auto lock = acquire(memory_.state.head_lock, me);
    shm::require(read_waiting(memory_.state, waiting),
                 "the counts of consumers change under their lock");
    return waiting;
}

bool SharedQueue::full() {
    return guarded("full", [this] {
        const Waiting waiting = count_waiting();
        if (memory_.limits.maxsize != 0 && waiting.in_log >= memory_.limits.maxsize) return true;
        return memory_.limits.max_bytes != 0 && !producer_.has_room_hint(1, 0);
    });
}

QueueStats SharedQueue::stats() {
    return guarded("stats",
                   [this] { return read_stats(memory_, segment(), death_log(), count_waiting()); });
}

// By slot: the items that each participant has taken and not finished.
std::vector<std::uint64_t> SharedQueue::count_held(shm::Actor me) {
    std::vector<std::uint64_t> held(segment().slots_used());
    const auto head = acquire(memory_.state.head_lock, me);
    consumer_.settle(head.proof(), me);
    const auto memory = acquire(memory_.state.memory_lock, me);
    memory_.leases.count_held(head.proof(), memory.proof(), held);
    return held;
}

std::vector<Participant> SharedQueue::participants() {
    return guarded("participants", [&] {
        const shm::Actor me = self(Deadline::now());
        const auto before = list_participants(segment());
        const auto held = count_held(me);
        std::vector<Participant> found;
        for (const shm::ParticipantInfo& info : list_participants(segment())) {
            // One that has joined since held nothing when that was counted, its predecessor in the
            // slot may have.
            const bool is_new = std::none_of(before.begin(), before.end(),
                                             [&](const auto& one) { return one.id == info.id; });
            Participant one;
            one.slot = info.slot;
            one.id = info.id;
            one.pid = info.pid;
            one.joined = info.joined;
            one.is_alive = info.is_alive;
            one.is_this_process = info.slot == me.slot;
            one.items_held = is_new || info.slot >= held.size() ? 0 : held[info.slot];
            found.push_back(one);
        }
        return found;
    });
}

std::vector<Death> SharedQueue::deaths(std::uint64_t since) {
    return guarded("deaths", [&] { return read_deaths(death_log(), since); });
}

}  // namespace procession::inline v0::detail::queue
