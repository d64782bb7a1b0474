// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstring>

#include "queue/core_impl.h"

namespace procession::queue {

using shm::BlockState;
using shm::require;

namespace {

constexpr std::chrono::milliseconds kRestBesideSuspect{5};

}  // namespace

std::span<const std::byte> Core::payload_of(std::byte* record, RecordHead head,
                                            std::uint32_t& unit) const {
    std::byte* inside = record + log_.shape().payload_at();
    unit = shm::BlockPool::kNone;
    if (!head.is(kOutside)) return {inside, head.length};
    unit = log_.outside_unit(record);
    const std::uint64_t length = RecordLog::word(inside + 8).load(std::memory_order_relaxed);
    const shm::Block block = pool_.block(unit);
    require(block.state == BlockState::queued || block.state == BlockState::held,
            "a record refers to a block that holds no payload");
    require(length <= std::uint64_t{block.units} * shm::kUnitBytes,
            "a payload is longer than its block");
    return {pool_.memory(unit), length};
}

bool Core::shows_an_item() const noexcept {
    return log_.shows_a_record() ||
           (joinable_ && state_.returned.first.load(std::memory_order_acquire) != 0);
}

// Completes the work of a dead holder of the head lock that needs the memory lock.
void Core::settle_head(Actor me) {
    log_.finish_retiring(
        [&](std::uint32_t chunk, std::uint64_t first) { retire(chunk, first, me); });
    if (state_.listing.is_open_here()) rebuild_returned(me);
}

// Called when the head has left a chunk. A plain queue's chunk is free now, a joinable queue's when
// all its items are finished. Idempotent: the chunk may have been freed, and even used again, by
// then.
void Core::retire(std::uint32_t chunk, std::uint64_t first_count, Actor me) {
    acquire(state_.memory_lock, me);
    const Lock lock(state_.memory_lock);
    if (pool_.block(chunk).state != BlockState::chunk) return;
    ChunkHeader& header = log_.chunk(chunk);
    if (header.first_count.load(std::memory_order_relaxed) != first_count) return;
    const auto records =
        static_cast<std::uint32_t>(state_.head.count.load(std::memory_order_relaxed) - first_count);
    header.records.store(records, std::memory_order_release);
    PROCESSION_STEP("retire.counted");
    // seq_cst: pairs with the look at `passed` in finish_at_once(); the look at the leases in
    // count_finished() comes after it. See the head of core_finish.cc.
    header.passed.exchange(1);
    PROCESSION_STEP("retire.passed");
    if (joinable_) {
        recount_finished(chunk);
    } else {
        pool_.give(chunk);
    }
    PROCESSION_STEP("retire.freed");
    pool_.decommit_excess();
}

bool Core::claim(Claim& claimed, Message& message, Actor me) {
    std::uint32_t unit = 0;
    if (joinable_ && state_.returned.first.load(std::memory_order_relaxed) != 0) {
        return take_returned(claimed, message, me);
    }
    Front front;
    const bool there = log_.front(
        front, [&](std::uint32_t chunk, std::uint64_t first) { retire(chunk, first, me); });
    if (!there) return false;
    const auto payload = payload_of(front.record, front.head, unit);
    // Memory for the copy before the item is taken: when there is none, nothing has happened.
    const bool in_place = claimed.in_place && front.head.is(kOutside);
    std::byte* copy = in_place ? nullptr : message.resize(payload.size());
    message.set_format(static_cast<Format>(front.head.format));
    claimed = {front.at, front.head, front.record, 1, payload, shm::BlockPool::kNone, in_place};
    if (joinable_) {
        RecordLog::lease_word(front.record)
            .store(LeaseWord{LeaseState::held, me.slot, 1}.pack(), std::memory_order_release);
        PROCESSION_STEP("get.leased");
    } else if (front.head.is(kOutside)) {
        pool_.set(unit, BlockState::held, me.slot);
        claimed.unit = unit;
        PROCESSION_STEP("get.held");
    } else if (!payload.empty()) {
        std::memcpy(copy, payload.data(), payload.size());
    }
    log_.advance(front, payload.size());
    return true;
}

bool Core::take_returned(Claim& claimed, Message& message, Actor me) {
    claimed.is_held_back = claimed.may_wait && holds_back_returned();
    if (claimed.only_fresh || claimed.is_held_back) return false;
    std::uint32_t unit = 0;
    claimed.at = Position::unpack(state_.returned.first.load(std::memory_order_relaxed));
    claimed.record = log_.record_at(claimed.at, claimed.head);
    claimed.payload = payload_of(claimed.record, claimed.head, unit);
    if (!claimed.in_place || !claimed.head.is(kOutside)) {
        message.resize(claimed.payload.size());
    }
    if (!pop_returned(claimed, me)) return false;
    if (claimed.deliveries > 1) suspects_->add(ticket_of(claimed.at, claimed.deliveries));
    return true;
}

// Where consumers die, a redelivered item may have killed its last consumer. While a thread of this
// process works on such an item, no other thread takes another one: a death would be counted
// against that one as well.
bool Core::holds_back_returned() noexcept {
    return death_log_.count() != 0 &&
           suspects_->others_hold_one([this](const Ticket& ticket) { return is_open(ticket); });
}

// Rests until another look is worthwhile: the end of the other thread's lease rings no bell.
Outcome Core::rest_beside_suspect(Deadline deadline) {
    const Deadline rest(kRestBesideSuspect);
    const bool is_last = deadline.time_point() <= rest.time_point();
    const auto left = (is_last ? deadline : rest).time_point() - Deadline::Clock::now();
    std::atomic<std::uint32_t> nobody_rings{0};
    if (left.count() > 0) os::futex_wait(nobody_rings, 0, left);
    check_open("get");
    nap();
    return is_last ? Outcome::timed_out : Outcome::done;
}

bool Core::pop_returned(Claim& claimed, Actor me) {
    auto& lease_word = RecordLog::lease_word(claimed.record);
    const LeaseWord lease = LeaseWord::unpack(lease_word.load(std::memory_order_relaxed));
    require(lease.state == LeaseState::returned, "the list of returned items names another item");
    claimed.deliveries = lease.deliveries + 1;
    state_.listing.begin(ListIntent::pop, claimed.at.pack(), 0, {state_.redelivered.load()});
    PROCESSION_STEP("get.again.begun");
    lease_word.store(LeaseWord{LeaseState::held, me.slot, claimed.deliveries}.pack(),
                     std::memory_order_release);
    PROCESSION_STEP("get.again.leased");
    returned_.remove_first(claimed.at);
    PROCESSION_STEP("get.again.unlinked");
    state_.returned.count.store(state_.returned.count.load() - 1, std::memory_order_release);
    PROCESSION_STEP("get.again.unlisted");
    state_.redelivered.store(state_.listing.value(0) + 1, std::memory_order_release);
    PROCESSION_STEP("get.again.counted");
    state_.listing.end();
    PROCESSION_STEP("get.again.settled");
    return true;
}

// Copies the item that claim() left in shared memory, outside of any lock.
void Core::complete(const Claim& claimed, Message& message, Actor me) {
    const bool is_held = claimed.unit != shm::BlockPool::kNone;
    if (!joinable_ && !is_held) return;
    const auto payload = claimed.payload;
    message.set_format(static_cast<Format>(claimed.head.format));
    if (!payload.empty()) {
        std::memcpy(message.resize(payload.size()), payload.data(), payload.size());
    }
    PROCESSION_STEP("get.copied");
    if (is_held) give_block(claimed.unit, me);
    if (joinable_) {
        message.set_ticket(ticket_of(claimed.at, claimed.deliveries));
        lease_books_.get().of_this_thread().add(message.ticket());
    }
}

Outcome Core::get(Message& message, Deadline deadline) {
    if (get_at_once(message)) [[likely]]
        return Outcome::done;
    return get_patiently(message, deadline);
}

// The usual get(): the lock is free, the oldest item is a small one in the head's own chunk. False
// when it is not the usual one; then nothing has happened, and get_patiently() does it.
inline bool Core::get_at_once(Message& message) {
    const Inside inside(*this);
    const std::uint32_t slot = inside.slot();
    if (slot == shm::ParticipantTable::kNone || owes_an_error()) return false;
    LeaseBook* book = joinable_ ? &book_with_room(1) : nullptr;
    shm::RobustLock owner_lock(state_.head_lock, participants_.owner_token(slot));
    if (!owner_lock.try_acquire()) return false;
    Front front;
    {
        const Lock lock(state_.head_lock);
        // relaxed: written by the holder of the lock only, but for `shutdown`, which the slower way
        // looks at again
        constexpr auto own = std::memory_order_relaxed;
        const bool usual = !state_.listing.is_open_here() && !state_.head.leaving.is_open_here() &&
                           state_.returned.first.load(own) == 0 &&
                           state_.shutdown.load(own) != kImmediate && log_.try_front(front);
        if (!usual) return false;
        // Memory for the copy before the item is taken: when there is none, nothing has happened.
        std::byte* copy = message.resize(front.head.length);
        if (joinable_) {
            RecordLog::lease_word(front.record)
                .store(LeaseWord{LeaseState::held, slot, 1}.pack(), std::memory_order_release);
            PROCESSION_STEP("get.at_once.leased");
        } else {
            copy_bytes(copy, {front.record + log_.shape().payload_at(), front.head.length});
        }
        log_.advance(front, front.head.length);
    }
    if (not_empty_.may_have_waiters() || not_full_.may_have_waiters()) ring_for_space();
    message.set_format(static_cast<Format>(front.head.format));
    if (joinable_) {
        const std::byte* payload = front.record + log_.shape().payload_at();
        copy_bytes(message.resize(front.head.length), {payload, front.head.length});
        PROCESSION_STEP("get.at_once.copied");
        message.set_ticket(ticket_of(front.at, 1));
        if (book != nullptr) book->add(message.ticket());
    }
    return true;
}

bool Core::get_in_passing(Message& message) { return get_at_once(message); }

// The same for an item of a plain queue, of known form and size: it is copied straight to `place`.
bool Core::get_raw_at_once(std::span<std::byte> place) {
    if (joinable_) return false;
    const Inside inside(*this);
    const std::uint32_t slot = inside.slot();
    if (slot == shm::ParticipantTable::kNone || owes_an_error()) return false;
    shm::RobustLock owner_lock(state_.head_lock, participants_.owner_token(slot));
    if (!owner_lock.try_acquire()) return false;
    // relaxed: as in get_at_once()
    constexpr auto own = std::memory_order_relaxed;
    Front front;
    const bool usual = !state_.head.leaving.is_open_here() &&
                       state_.shutdown.load(own) != kImmediate && log_.try_front(front) &&
                       front.head.length == place.size() &&
                       front.head.format == static_cast<std::uint8_t>(Format::raw);
    if (usual) {
        copy_bytes(place.data(), {front.record + log_.shape().payload_at(), place.size()});
        log_.advance(front, front.head.length);
    }
    owner_lock.release();
    if (usual && (not_empty_.may_have_waiters() || not_full_.may_have_waiters())) ring_for_space();
    return usual;
}

// After an item was taken. A consumer that sleeps may have been woken in our place.
void Core::ring_for_space(std::size_t places) {
    if (not_full_.may_have_waiters()) ring_for_room(places);
    if (not_empty_.may_have_waiters()) pass_on_items();
}

void Core::pass_on_items() noexcept {
    if (is_closed()) return;  // as in pass_on_room()
    if (not_empty_.may_have_waiters() && shows_an_item()) not_empty_.notify();
}

Outcome Core::get_patiently(Message& message, Deadline deadline) {
    return guarded("get", [&] { return get_within(message, deadline); });
}

Outcome Core::get_within(Message& message, Deadline deadline, bool only_fresh) {
    const Actor me = self(deadline);
    Claim claimed;
    claimed.only_fresh = only_fresh;
    const Outcome outcome = claim_one(claimed, message, deadline, me);
    if (outcome == Outcome::done) complete(claimed, message, me);
    return outcome;
}

Outcome Core::claim_one(Claim& claimed, Message& message, Deadline deadline, Actor me) {
    pay_owed_error();
    write_waiting_letters(me.slot);
    Baton baton(*this, &Core::pass_on_items);
    claimed.may_wait = !deadline.has_passed();
    if (may_wait_at_once(deadline) && wait_for_items(deadline) != Outcome::done) {
        return Outcome::timed_out;
    }
    for (;;) {
        bool got = false;
        if (joinable_) book_with_room(1);
        // Read before the look at the items, so that each item put before the shutdown is seen
        // below.
        const bool shut = state_.shutdown.load(std::memory_order_acquire) != kOpen;
        if (!try_acquire(state_.head_lock, me, "get")) return Outcome::timed_out;
        {
            const Lock lock(state_.head_lock);
            if (drops_items()) return Outcome::shut_down;
            settle_head(me);
            got = claim(claimed, message, me);
        }
        if (got) {
            baton.use();
            ring_for_space();
            return Outcome::done;
        }
        if (claimed.is_held_back) {
            pass_on_items();  // to another process
            if (rest_beside_suspect(deadline) != Outcome::done) return Outcome::timed_out;
            continue;
        }
        if (claimed.only_fresh) return Outcome::timed_out;
        if (shut) return Outcome::shut_down;
        if (wait_for_items(deadline) != Outcome::done) return Outcome::timed_out;
    }
}

// Whether there is nothing to do under the lock: no item, and no work that a holder left undone.
bool Core::may_wait_at_once(Deadline deadline) const {
    return !shows_an_item() && !state_.listing.is_open() && !state_.head.leaving.is_open() &&
           state_.shutdown.load(std::memory_order_acquire) == kOpen && !deadline.has_passed();
}

// Waits until there may be an item to take, or a reason why no more will come.
Outcome Core::wait_for_items(Deadline deadline) {
    os::CancellationDisabled::act_on_request();  // each wait is a cancellation point
    const bool in_time =
        not_empty_.wait(deadline, [&] { return shows_an_item() || is_over(); }, [this] { nap(); });
    do_what_was_asked();
    check_open("get");
    if (!in_time) found_nothing(Ready::items);
    return in_time ? Outcome::done : Outcome::timed_out;
}

// Nothing is delivered any more: the items count as finished, so that join() ends.
void Core::drain_after_shutdown() {
    const Actor me = self();
    // Nothing is put any more, so there is an end; but not to a log that leads back into itself.
    for (std::uint64_t left = pool_.records_max();; --left) {
        require(left != 0, "the log has no end");
        Claim claimed;
        Message message;
        if (joinable_) book_with_room(1);
        acquire(state_.head_lock, me);
        {
            const Lock lock(state_.head_lock);
            settle_head(me);
            if (!claim(claimed, message, me)) return;
        }
        complete(claimed, message, me);
        if (joinable_) {
            finish_within(message.ticket(), "task_done");
            let_go_of_attachment(message.ticket());
        }
    }
}

}  // namespace procession::queue
