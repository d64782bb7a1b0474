// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>

#include "queue/core_impl.h"

namespace procession::queue {

namespace {

constexpr std::uint32_t kInline = shm::BlockPool::kNone;  // no block: the payload is in the record
constexpr std::size_t kInlineMax = RecordLayout::kInlineMax;

}  // namespace

void Core::check_fits(const Piece& piece) const {
    constexpr std::uint64_t most = std::uint64_t{1} << 30;
    const std::uint64_t size = piece.bytes.size();
    if (size > most) {
        throw ValueError("put", label(),
                         "the item has " + std::to_string(size) + " bytes; at most " +
                             std::to_string(most) + " (1 GiB) are allowed");
    }
    if (constants_.max_bytes != 0 && size > constants_.max_bytes) {
        throw ValueError(
            "put", label(),
            "the item has " + std::to_string(size) +
                " bytes and can never fit max_bytes = " + std::to_string(constants_.max_bytes));
    }
}

bool Core::has_room(std::uint64_t bytes) noexcept {
    // relaxed: written under the tail lock, which is held
    const std::uint64_t put = state_.tail.count.load(std::memory_order_relaxed);
    if (state_.maxsize != 0 &&
        put - state_.seen_taken.load(std::memory_order_relaxed) >= state_.maxsize) {
        // acquire: pairs with advance(); looked at only when the queue seems full, since every look
        // costs the consumers their cache line
        const std::uint64_t taken = state_.head.count.load(std::memory_order_acquire);
        if (taken > put) return false;
        PROCESSION_STEP("put.room_looked");
        state_.seen_taken.store(taken, std::memory_order_relaxed);
        PROCESSION_STEP("put.room_seen");
        if (put - taken >= state_.maxsize) return false;
    }
    if (state_.max_bytes == 0) return true;
    const std::uint64_t in = state_.tail.bytes.load(std::memory_order_relaxed);
    const std::uint64_t out = state_.head.bytes.load(std::memory_order_acquire);
    return out <= in && bytes <= state_.max_bytes && in - out <= state_.max_bytes - bytes;
}

// Under the tail lock, when has_room() said no. Finds corrupt counts: they could make the queue
// full for has_room(), and not for seems_to_have_room(), for ever.
void Core::require_full() const {
    // A corrupt max_bytes may be so small that this item never fits, though nothing waits.
    check_constants();
    // relaxed: written under the tail lock, which is held
    constexpr auto own = std::memory_order_relaxed;
    shm::require(state_.head.count.load() <= state_.tail.count.load(own),
                 "more items were taken than put");
    shm::require(state_.head.bytes.load() <= state_.tail.bytes.load(own),
                 "more bytes were taken than put");
}

bool Core::seems_to_have_room(std::uint64_t bytes, std::uint64_t items) const noexcept {
    const std::uint64_t taken = state_.head.count.load(std::memory_order_acquire);
    const std::uint64_t put = state_.tail.count.load(std::memory_order_acquire);
    if (state_.maxsize != 0 && put > taken) {
        // Cannot overflow even if the counts are corrupt.
        const std::uint64_t waiting = put - taken;
        if (waiting >= state_.maxsize || items > state_.maxsize - waiting) return false;
    }
    if (state_.max_bytes == 0) return true;
    const std::uint64_t out = state_.head.bytes.load(std::memory_order_acquire);
    const std::uint64_t in = state_.tail.bytes.load(std::memory_order_acquire);
    return in <= out || (bytes <= state_.max_bytes && in - out <= state_.max_bytes - bytes);
}

Outcome Core::wait_for_room(std::uint64_t bytes, Deadline deadline) {
    os::CancellationDisabled::act_on_request();  // each wait is a cancellation point
    // Wait for several free slots: claiming each one as it appears would bounce the consumers'
    // cache line.
    const std::uint64_t several = 1 + state_.maxsize / 8;
    const bool in_time = not_full_.wait(
        deadline, [&] { return seems_to_have_room(bytes, 1) || is_over(); }, [this] { nap(); },
        [&] { return seems_to_have_room(bytes, several) || is_over(); });
    do_what_was_asked();
    check_open("put");
    if (state_.shutdown.load(std::memory_order_acquire) != kOpen) return Outcome::shut_down;
    if (!in_time) found_nothing(Ready::room, bytes);
    return in_time ? Outcome::done : Outcome::timed_out;
}

void Core::ensure_chunk(std::size_t payload, Actor me) {
    if (log_.needs_chunk(static_cast<std::uint32_t>(payload))) {
        log_.link(take_block(kChunkBytes, me));
    }
}

void Core::append(const Piece& piece, std::uint32_t outside, Actor me) {
    const auto format = static_cast<std::uint8_t>(piece.format);
    if (outside == kInline) {
        ensure_chunk(piece.bytes.size(), me);
        log_.append(format, piece.bytes, piece.bytes.size(), false);
        return;
    }
    const std::array<std::uint64_t, 2> reference{outside, piece.bytes.size()};
    ensure_chunk(sizeof reference, me);
    log_.begin_publish(outside);
    log_.append(format, std::as_bytes(std::span(reference)), piece.bytes.size(), true);
    log_.end_publish();
}

// The payload of a large item is copied before any lock is taken.
std::uint32_t Core::store_outside(const Piece& piece, Actor me) {
    const std::uint32_t unit = take_block(piece.bytes.size(), me);
    PROCESSION_STEP("put.outside.taken");
    std::memcpy(pool_.memory(unit), piece.bytes.data(), piece.bytes.size());
    PROCESSION_STEP("put.outside.copied");
    return unit;
}

Outcome Core::put(const Piece& piece, Deadline deadline) {
    if (put_at_once(piece)) [[likely]]
        return Outcome::done;
    return put_patiently(piece, deadline);
}

// The usual put(): a small item, the lock is free, there is room in the log's last chunk. False
// when it is not the usual one; then nothing has happened, and put_patiently() finds out why.
inline bool Core::put_at_once(const Piece& piece) {
    if (piece.bytes.size() > kInlineMax) return false;
    const Inside inside(*this);
    const std::uint32_t slot = inside.slot();
    if (slot == shm::ParticipantTable::kNone) return false;
    shm::RobustLock lock(state_.tail_lock, participants_.owner_token(slot));
    if (!lock.try_acquire()) return false;
    const bool done = state_.shutdown.load(std::memory_order_relaxed) == kOpen &&
                      has_room(piece.bytes.size()) &&
                      log_.try_append(static_cast<std::uint8_t>(piece.format), piece.bytes);
    lock.release();
    if (done && (not_empty_.may_have_waiters() || not_full_.may_have_waiters())) ring_for_items();
    return done;
}

bool Core::put_in_passing(const Piece& piece) { return put_at_once(piece); }

// After an item was put. A producer that sleeps may have been woken in our place.
void Core::ring_for_items(std::size_t items) {
    not_empty_.notify(items);
    if (not_full_.may_have_waiters()) pass_on_room();
}

void Core::pass_on_room() noexcept {
    if (is_closed()) return;  // while this thread was in a log sink: the memory may be gone
    if (not_full_.may_have_waiters() && seems_to_have_room(1, 1)) ring_for_room();
}

// Producers may wait for different numbers of bytes: where one finds too little room, another one
// can go on.
void Core::ring_for_room(std::size_t places) noexcept {
    if (state_.max_bytes != 0) {
        not_full_.notify_all();
    } else {
        not_full_.notify(places);
    }
}

Outcome Core::await_room(std::uint64_t bytes, Deadline deadline) {
    return guarded("put", [&] {
        static_cast<void>(self(deadline));  // a participant notices deaths
        if (seems_to_have_room(bytes, 1)) return Outcome::done;
        Baton baton(*this, &Core::pass_on_room);
        const Outcome outcome = wait_for_room(bytes, deadline);
        // The caller comes to take the room, so no other producer is woken for it. If the caller
        // does not come, the others find the room at their next look.
        if (outcome == Outcome::done) baton.use();
        return outcome;
    });
}

Outcome Core::put_patiently(const Piece& piece, Deadline deadline) {
    return guarded("put", [&] {
        check_fits(piece);
        const Actor me = self(deadline);
        if (piece.bytes.size() <= kInlineMax) return put_one(piece, kInline, deadline, me);
        // Wait for the room before the copy, so that no large item is copied for nothing; claim it
        // after.
        Baton baton(*this, &Core::pass_on_room);
        if (!seems_to_have_room(piece.bytes.size(), 1)) {
            const Outcome waited = wait_for_room(piece.bytes.size(), deadline);
            if (waited != Outcome::done) return waited;
        }
        const std::uint32_t unit = store_outside(piece, me);
        baton.use();  // put_one() has its own
        Outcome outcome = Outcome::timed_out;
        try {
            outcome = put_one(piece, unit, deadline, me);
        } catch (...) {
            give_block(unit, me);
            throw;
        }
        if (outcome != Outcome::done) give_block(unit, me);
        return outcome;
    });
}

Outcome Core::put_one(const Piece& piece, std::uint32_t outside, Deadline deadline, Actor me) {
    Baton baton(*this, &Core::pass_on_room);
    for (;;) {
        if (!try_acquire(state_.tail_lock, me, "put")) return Outcome::timed_out;
        {
            Lock lock(state_.tail_lock);
            if (state_.shutdown.load(std::memory_order_relaxed) != kOpen) {
                return Outcome::shut_down;
            }
            if (has_room(piece.bytes.size())) {
                append(piece, outside, me);
                lock.release();
                baton.use();
                ring_for_items();
                return Outcome::done;
            }
            require_full();
        }
        const Outcome waited = wait_for_room(piece.bytes.size(), deadline);
        if (waited != Outcome::done) return waited;
    }
}

Room Core::room_for(std::uint64_t items) noexcept {
    Room room{UINT64_MAX, UINT64_MAX};
    // relaxed, acquire: as in has_room()
    const std::uint64_t put = state_.tail.count.load(std::memory_order_relaxed);
    if (state_.maxsize != 0) {
        std::uint64_t taken = state_.seen_taken.load(std::memory_order_relaxed);
        if (put - taken + items > state_.maxsize) {
            taken = state_.head.count.load(std::memory_order_acquire);
            if (taken > put) return {};
            PROCESSION_STEP("put_many.room_looked");
            state_.seen_taken.store(taken, std::memory_order_relaxed);
            PROCESSION_STEP("put_many.room_seen");
        }
        room.items = put - taken < state_.maxsize ? state_.maxsize - (put - taken) : 0;
    }
    if (state_.max_bytes != 0) {
        const std::uint64_t in = state_.tail.bytes.load(std::memory_order_relaxed);
        const std::uint64_t out = state_.head.bytes.load(std::memory_order_acquire);
        if (out > in) return {};
        room.bytes = in - out < state_.max_bytes ? state_.max_bytes - (in - out) : 0;
    }
    return room;
}

// Under the tail lock: the leading small items from `from` on, as many as there is room for.
void Core::append_run(const Pieces& pieces, std::size_t from, std::size_t& done, Actor me) {
    Room room = room_for(pieces.size() - from);
    Piece piece;
    const auto is_next = [&] {
        if (from + done >= pieces.size() || room.items == 0) return false;
        piece = pieces[from + done];
        return piece.bytes.size() <= kInlineMax && piece.bytes.size() <= room.bytes;
    };
    while (is_next()) {
        const auto next = [&](std::size_t i, std::uint8_t& format,
                              std::span<const std::byte>& payload) {
            if (i != 0) {
                if (i >= room.items || from + done + i >= pieces.size()) return false;
                room.bytes -= piece.bytes.size();
                piece = pieces[from + done + i];
                if (piece.bytes.size() > kInlineMax || piece.bytes.size() > room.bytes) {
                    return false;
                }
            }
            format = static_cast<std::uint8_t>(piece.format);
            payload = piece.bytes;
            return true;
        };
        const std::size_t run = log_.try_append_run(next);
        done += run;
        if (run == 0) {  // a new chunk is needed, or this process has not seen the memory yet
            append(piece, kInline, me);
            ++done;
        }
        room = room_for(pieces.size() - from - done);
    }
}

// Puts the leading small items from `from` on, as many as there is room for, in one critical
// section; waits for the first one's room.
Outcome Core::put_inline_run(const Pieces& pieces, std::size_t from, Deadline deadline, Actor me,
                             std::size_t& done) {
    Baton baton(*this, &Core::pass_on_room);
    for (;;) {
        if (!try_acquire(state_.tail_lock, me, "put_many")) return Outcome::timed_out;
        try {
            const Lock lock(state_.tail_lock);
            if (state_.shutdown.load(std::memory_order_relaxed) != kOpen) {
                return Outcome::shut_down;
            }
            append_run(pieces, from, done, me);
            if (done == 0) require_full();
        } catch (...) {
            if (done > 0) ring_for_items(done);
            throw;
        }
        if (done > 0) {
            baton.use();
            ring_for_items(done);
            return Outcome::done;
        }
        const Outcome waited = wait_for_room(pieces[from].bytes.size(), deadline);
        if (waited != Outcome::done) return waited;
    }
}

std::size_t Core::put_many(const Pieces& pieces, Deadline deadline, Outcome& outcome) {
    std::size_t total = 0;
    outcome = Outcome::done;
    // One refused item refuses the call before anything is put.
    for (std::size_t i = 0; i < pieces.size(); ++i) check_fits(pieces[i]);
    while (total < pieces.size() && outcome == Outcome::done) {
        std::size_t run = 0;
        try {
            const Piece first = pieces[total];
            if (first.bytes.size() > kInlineMax) {
                outcome = put(first, deadline);
                run = outcome == Outcome::done ? 1 : 0;
            } else {
                outcome = guarded("put_many", [&] {
                    return put_inline_run(pieces, total, deadline, self(deadline), run);
                });
            }
        } catch (const CorruptSegment&) {
            throw;
        } catch (const Error&) {
            // Items that were put stay put: the caller learns how many, and the reason when it goes
            // on.
            if (total + run == 0) throw;
            return total + run;
        }
        total += run;
    }
    return total;
}

bool Core::is_shut_down() {
    return guarded("shutdown", [&] { return state_.shutdown.load() != kOpen; });
}

void Core::shutdown(bool immediate) {
    if (shm::OperationGuard::is_still_inside(this)) {
        shutdown_from_inside(immediate);
    } else {
        guarded("shutdown", [&] { shut_down(immediate); });
    }
}

void Core::shut_down(bool immediate) {
    acquire(state_.tail_lock, self());
    {
        const Lock lock(state_.tail_lock);
        store_shutdown(immediate);
    }
    wake_everybody();
    if (immediate) drain_after_shutdown();
}

// Under the tail lock.
void Core::store_shutdown(bool immediate) {
    const std::uint32_t wanted = immediate ? kImmediate : kDraining;
    const std::uint32_t now = state_.shutdown.load(std::memory_order_relaxed);
    shm::require(now <= kImmediate, "the queue is in no known state");
    state_.shutdown.store(std::max(now, wanted), std::memory_order_release);
    PROCESSION_STEP("shutdown.stored");
}

}  // namespace procession::queue
