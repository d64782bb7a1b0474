// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/consumer_side.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "os/futex.h"
#include "procession/error.h"
#include "queue/destinations.h"
#include "queue/shared_queue.h"
#include "shm/wakeup_relay.h"

namespace procession::inline v0::detail::queue {

namespace {

constexpr std::chrono::milliseconds kRestBesideSuspect{5};
// Limits of one critical section, since others wait, and of the memory that is kept for it.
constexpr std::uint64_t kRunItemsMax = 4096;
constexpr std::uint64_t kRunBytesMax = kChunkBytes;

}  // namespace

// ---- the usual ways ----------------------------------------------------------------------------

Outcome ConsumerSide::get(Message& message, Deadline deadline) {
    if (try_get_fast(message)) [[likely]]
        return Outcome::done;
    return queue_.guarded("get", [&] {
        MessageDestination to(*this, message);
        return take(to, deadline);
    });
}

// The lock is free, the oldest item is a small one in the head's own chunk. Otherwise take() does
// it.
bool ConsumerSide::try_get_fast(Message& message) {
    const SharedQueue::Operation inside(queue_);
    const std::uint32_t slot = inside.slot();
    if (slot == shm::ParticipantTable::kNone || queue_.undecodable().owes_an_error()) return false;
    LeaseBook* book = memory_.joinable ? &queue_.leases().book_with_room(1) : nullptr;
    State& state = memory_.state;
    Front front;
    {
        const auto lock = queue_.try_take(state.head_lock, slot);
        if (!lock) return false;
        // relaxed: written by the holder of the lock only, but for `shutdown`, which the slower way
        // looks at again
        constexpr auto own = std::memory_order_relaxed;
        const bool usual = !state.listing.is_open_here() && !state.head.leaving.is_open_here() &&
                           state.returned.first.load(own) == 0 &&
                           state.shutdown.load(own) != kImmediate &&
                           memory_.head.try_front(lock.proof(), front);
        if (!usual) return false;
        // Memory for the copy before the item is taken: when there is none, nothing has happened.
        std::byte* copy = message.resize(front.head.length);
        if (memory_.joinable) {
            memory_.leases.hand_out(lock.proof(), front.record, slot);
        } else {
            copy_bytes(copy,
                       {front.record + memory_.records.layout().payload_at(), front.head.length});
        }
        memory_.head.advance(lock.proof(), front, front.head.length);
    }
    if (memory_.not_empty.may_have_waiters() || memory_.not_full.may_have_waiters()) {
        after_taking(1);
    }
    message.set_format(static_cast<Format>(front.head.format));
    if (memory_.joinable) {
        const std::byte* payload = front.record + memory_.records.layout().payload_at();
        copy_bytes(message.resize(front.head.length), {payload, front.head.length});
        PROCESSION_STEP("get.fast.copied");
        message.set_ticket(queue_.leases().ticket_of(front.at, 1));
        if (book != nullptr) book->add(message.ticket());
    }
    return true;
}

// The same for an item of a plain queue, of known form and size: it is copied straight to the
// caller's memory.
bool ConsumerSide::try_get_raw_fast(std::span<std::byte> destination) {
    if (memory_.joinable) return false;
    const SharedQueue::Operation inside(queue_);
    const std::uint32_t slot = inside.slot();
    if (slot == shm::ParticipantTable::kNone || queue_.undecodable().owes_an_error()) return false;
    State& state = memory_.state;
    auto lock = queue_.try_take(state.head_lock, slot);
    if (!lock) return false;
    // relaxed: as in try_get_fast()
    constexpr auto own = std::memory_order_relaxed;
    Front front;
    const bool usual =
        !state.head.leaving.is_open_here() && state.shutdown.load(own) != kImmediate &&
        memory_.head.try_front(lock.proof(), front) && front.head.length == destination.size() &&
        front.head.format == static_cast<std::uint8_t>(Format::raw);
    if (usual) {
        copy_bytes(destination.data(),
                   {front.record + memory_.records.layout().payload_at(), destination.size()});
        memory_.head.advance(lock.proof(), front, front.head.length);
    }
    lock.release();
    if (usual && (memory_.not_empty.may_have_waiters() || memory_.not_full.may_have_waiters())) {
        after_taking(1);
    }
    return usual;
}

// ---- all other ways ----------------------------------------------------------------------------

template <class Destination>
Outcome ConsumerSide::take(Destination& to, Deadline deadline) {
    const shm::Actor me = queue_.self(deadline);
    queue_.undecodable().throw_owed_error();
    queue_.undecodable().write_pending(me.slot);
    shm::WakeupRelay relay([this] { pass_on(); });
    const bool may_wait = !deadline.expired();
    if (may_wait && must_wait() && wait_for_items(deadline) != Outcome::done) {
        return Outcome::timed_out;
    }
    for (;;) {
        to.prepare();
        // Read before the look at the items, so that each item put before the shutdown is seen
        // below.
        const bool shut = memory_.is_shut_down();
        Took took = Took::nothing;
        {
            const auto lock = queue_.try_acquire(memory_.state.head_lock, me, to.operation());
            if (!lock) return Outcome::timed_out;
            if (memory_.drops_items()) return Outcome::shut_down;
            settle(lock.proof(), me);
            took = to.take(lock.proof(), me, may_wait);
        }
        switch (took) {
            case Took::some:
                relay.use();
                after_taking(to.taken());
                to.complete(me);
                take_more(to, {me.slot, Deadline(me.patience)});
                return Outcome::done;
            case Took::other: return Outcome::done;
            case Took::needs_memory: break;
            case Took::held_back:
                pass_on();  // to another process
                if (rest_beside_suspect(deadline) != Outcome::done) return Outcome::timed_out;
                break;
            case Took::nothing:
                if (shut) return Outcome::shut_down;
                if (wait_for_items(deadline) != Outcome::done) return Outcome::timed_out;
                break;
        }
    }
}

// The first items are in hand: from here on nothing may fail.
template <class Destination>
void ConsumerSide::take_more(Destination& to, shm::Actor me) {
    try {
        while (to.wants_more() && memory_.has_item_hint()) {
            to.prepare();
            Took took = Took::nothing;
            {
                const auto lock = queue_.try_acquire(memory_.state.head_lock, me, to.operation());
                if (!lock || memory_.drops_items()) return;
                settle(lock.proof(), me);
                took = to.take(lock.proof(), me, false);
            }
            if (took == Took::needs_memory) continue;
            if (took != Took::some) return;
            after_taking(to.taken());
            to.complete(me);
        }
    } catch (const shm::Corrupt&) {
        throw;
    } catch (const CorruptSegment&) {
        throw;
    } catch (const std::exception&) {
        return;  // out of memory, or behind a stopped participant: the caller has the others
    }
}

Outcome ConsumerSide::get_many(Batch& batch, std::size_t most, Deadline deadline) {
    batch.clear();
    if (most == 0) return Outcome::done;
    return queue_.guarded("get_many", [&] {
        BatchDestination to(*this, batch, most);
        return take(to, deadline);
    });
}

Outcome ConsumerSide::get_many_raw(std::span<std::byte> destination, std::size_t each,
                                   std::size_t& got, Deadline deadline) {
    got = 0;
    if (destination.size() < each) return Outcome::done;
    return queue_.guarded("get_many", [&] {
        SpanDestination to(*this, destination, each, got);
        return take(to, deadline);
    });
}

Outcome ConsumerSide::borrow(ByteView& view, Deadline deadline,
                             const std::shared_ptr<SharedQueue>& self) {
    return queue_.guarded("borrow", [&] {
        MessageDestination to(*this, view.copy_, true);
        const Outcome outcome = take(to, deadline);
        const TakenItem& taken = to.item();
        if (outcome != Outcome::done || !taken.head.is(kOutside)) return outcome;
        PROCESSION_STEP("borrow.taken");
        queue_.begin_reading();
        view.in_place_ = taken.payload;
        view.unit_ = taken.unit;  // none where a lease keeps it
        view.generation_ = queue_.participant_table().generation();
        view.queue_ = self;
        return outcome;
    });
}

void ConsumerSide::end_view(std::uint32_t unit, std::uint32_t generation) noexcept {
    if (!queue_.is_own(generation)) return;
    try {
        if (unit != shm::BlockPool::kNone) {
            queue_.guarded("borrow", [&] { queue_.give_block(unit, queue_.self()); });
        }
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "a view is left to the end of the process: %s", failed.what());
    }
    queue_.end_reading();
}

bool ConsumerSide::has_returned(HoldsHead /*lock*/) const noexcept {
    // relaxed: written by the holder of the lock only
    return memory_.joinable && memory_.state.returned.first.load(std::memory_order_relaxed) != 0;
}

void ConsumerSide::retire(std::uint32_t chunk, std::uint64_t first_count, shm::Actor me) {
    const auto lock = queue_.acquire(memory_.state.memory_lock, me);
    memory_.leases.retire(lock.proof(), chunk, first_count);
}

bool ConsumerSide::front(HoldsHead lock, Front& front, shm::Actor me) {
    return memory_.head.front(
        lock, front, [&](std::uint32_t chunk, std::uint64_t first) { retire(chunk, first, me); });
}

void ConsumerSide::settle(HoldsHead lock, shm::Actor me) {
    memory_.head.finish_leaving(
        lock, [&](std::uint32_t chunk, std::uint64_t first) { retire(chunk, first, me); });
    if (!memory_.leases.is_list_torn()) return;
    std::vector<Position> returned;
    {
        const auto memory = queue_.acquire(memory_.state.memory_lock, me);
        returned = memory_.leases.collect(lock, memory.proof(), LeaseState::returned, 0);
    }
    memory_.leases.rebuild_returned(lock, returned);
}

Took ConsumerSide::take_one(HoldsHead lock, shm::Actor me, bool may_wait, bool in_place,
                            Message& message, TakenItem& taken) {
    if (has_returned(lock)) {
        if (may_wait && holds_back_returned()) return Took::held_back;
        taken.at = memory_.leases.oldest_returned(lock, taken.record, taken.head);
        taken.payload = memory_.records.payload_of(taken.record, taken.head).bytes;
        if (!in_place || !taken.head.is(kOutside)) message.resize(taken.payload.size());
        taken.deliveries = memory_.leases.pop_returned(lock, taken.at, taken.record, me.slot);
        if (taken.deliveries > 1) {
            queue_.leases().suspects().add(queue_.leases().ticket_of(taken.at, taken.deliveries));
        }
        return Took::some;
    }
    Front front;
    if (!this->front(lock, front, me)) return Took::nothing;
    const Payload payload = memory_.records.payload_of(front.record, front.head);
    // Memory for the copy before the item is taken: when there is none, nothing has happened.
    const bool stays = in_place && front.head.is(kOutside);
    std::byte* copy = stays ? nullptr : message.resize(payload.bytes.size());
    taken = {front.at, front.head, front.record, 1, payload.bytes, shm::BlockPool::kNone};
    if (memory_.joinable) {
        memory_.leases.hand_out(lock, front.record, me.slot);
    } else if (front.head.is(kOutside)) {
        memory_.pool.set(payload.unit, shm::BlockState::held, me.slot);
        taken.unit = payload.unit;
        PROCESSION_STEP("get.held");
    } else if (!payload.bytes.empty()) {
        std::memcpy(copy, payload.bytes.data(), payload.bytes.size());
    }
    memory_.head.advance(lock, front, payload.bytes.size());
    return Took::some;
}

void ConsumerSide::complete(const TakenItem& taken, Message& message, shm::Actor me) {
    message.set_format(static_cast<Format>(taken.head.format));
    const bool is_held = taken.unit != shm::BlockPool::kNone;
    if (memory_.joinable || is_held) {
        if (!taken.payload.empty()) {
            std::memcpy(message.resize(taken.payload.size()), taken.payload.data(),
                        taken.payload.size());
        }
        PROCESSION_STEP("get.copied");
    }
    if (is_held) queue_.give_block(taken.unit, me);
}

// Nothing is delivered any more: the items count as finished, so that join() ends.
void ConsumerSide::drain() {
    const shm::Actor me = queue_.self();
    // Nothing is put any more, so there is an end; but not to a log that leads back into itself.
    for (std::uint64_t left = memory_.pool.records_max();; --left) {
        shm::require(left != 0, "the log has no end");
        Message message;
        MessageDestination to(*this, message);
        to.prepare();
        Took took = Took::nothing;
        {
            const auto lock = queue_.acquire(memory_.state.head_lock, me);
            settle(lock.proof(), me);
            took = to.take(lock.proof(), me, false);
        }
        if (took == Took::nothing) return;
        to.complete(me);
        if (memory_.joinable) queue_.leases().finish_drained(message.ticket());
    }
}

// ---- waiting -----------------------------------------------------------------------------------

// Whether there is nothing to do under the lock: no item, and no work that a holder left undone.
bool ConsumerSide::must_wait() const noexcept {
    return !memory_.has_item_hint() && !memory_.leases.is_list_torn() &&
           !memory_.head.is_leaving() && !memory_.is_shut_down();
}

// Waits until there may be an item to take, or a reason why no more will come.
Outcome ConsumerSide::wait_for_items(Deadline deadline) {
    const bool in_time = queue_.wait(memory_.not_empty, "get", deadline, [&] {
        return memory_.has_item_hint() || memory_.is_shut_down();
    });
    if (!in_time) queue_.watchers().on_would_block(Ready::items);
    return in_time ? Outcome::done : Outcome::timed_out;
}

// Where consumers die, a redelivered item may have killed its last consumer. While a thread of this
// process works on such an item, no other thread takes another one: a death would be counted
// against that one as well.
bool ConsumerSide::holds_back_returned() noexcept {
    return queue_.death_log().count() != 0 &&
           queue_.leases().suspects().others_hold_one(
               [this](const Ticket& ticket) { return queue_.leases().is_open(ticket); });
}

// Rests until another look is worthwhile: the end of the other thread's lease notifies no event.
Outcome ConsumerSide::rest_beside_suspect(Deadline deadline) {
    const Deadline rest(kRestBesideSuspect);
    const bool is_last = deadline.time_point() <= rest.time_point();
    const auto left = (is_last ? deadline : rest).time_point() - Deadline::Clock::now();
    std::atomic<std::uint32_t> never_notified{0};
    if (left.count() > 0) os::futex_wait(never_notified, 0, left);
    queue_.check_open("get");
    queue_.on_wait_timeout();
    return is_last ? Outcome::timed_out : Outcome::done;
}

void ConsumerSide::require_running(std::string_view operation) {
    queue_.guarded(operation, [&] {
        if (memory_.has_item_hint()) {
            queue_.require_running_holder(memory_.state.head_lock.word, operation);
        }
    });
}

// A consumer that sleeps may have been woken in our place.
void ConsumerSide::after_taking(std::size_t items) {
    if (memory_.not_full.may_have_waiters()) queue_.producer().notify(items);
    if (memory_.not_empty.may_have_waiters()) pass_on();
}

void ConsumerSide::pass_on() noexcept {
    if (queue_.is_closed()) return;  // as in ProducerSide::pass_on()
    if (memory_.not_empty.may_have_waiters() && memory_.has_item_hint()) {
        memory_.not_empty.notify();
    }
}

// Never below 0, though consumers may have taken items that their producer has not counted yet.
std::uint64_t ConsumerSide::count_hint() const noexcept {
    const std::uint64_t taken = memory_.state.head.count.load(std::memory_order_relaxed);
    return memory_.leases.known_put() - taken;
}

// Roughly what waits, at most `most` items: only a hint how much memory to have ready.
Room ConsumerSide::waiting_hint(std::size_t most) const noexcept {
    const std::uint64_t items = count_hint();
    // relaxed: any numbers will do
    constexpr auto any = std::memory_order_relaxed;
    const std::uint64_t bytes =
        memory_.state.tail.bytes.load(any) - memory_.state.head.bytes.load(any);
    Room hint;
    hint.items = std::clamp<std::uint64_t>(items, 1, std::min<std::uint64_t>(most, kRunItemsMax));
    const std::uint64_t each = bytes / std::max<std::uint64_t>(items, 1) + 8;
    // One item that lies in the log always fits.
    hint.bytes = std::min(each, kRunBytesMax) * hint.items + RecordLayout::kInlineMax;
    hint.bytes = std::min(hint.bytes, kRunBytesMax);
    return hint;
}

std::size_t ConsumerSide::size_hint() {
    return queue_.guarded("get_many", [&] {
        return std::clamp<std::uint64_t>(count_hint(), 1, memory_.pool.records_max());
    });
}

}  // namespace procession::inline v0::detail::queue
