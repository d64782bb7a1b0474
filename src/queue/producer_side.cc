// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/producer_side.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "procession/error.h"
#include "queue/shared_queue.h"
#include "shm/wakeup_relay.h"

namespace procession::inline v0::detail::queue {

namespace {

constexpr std::uint32_t kInline = shm::BlockPool::kNone;  // no block: the payload is in the record
constexpr std::size_t kInlineMax = RecordLayout::kInlineMax;

}  // namespace

void ProducerSide::check_fits(const Piece& piece) const {
    constexpr std::uint64_t most = std::uint64_t{1} << 30;
    const std::uint64_t size = piece.bytes.size();
    if (size > most) {
        throw ValueError("put", queue_.label(),
                         "the item has " + std::to_string(size) + " bytes; at most " +
                             std::to_string(most) + " (1 GiB) are allowed");
    }
    const std::uint64_t max_bytes = memory_.limits.max_bytes;
    if (max_bytes != 0 && size > max_bytes) {
        throw ValueError("put", queue_.label(),
                         "the item has " + std::to_string(size) +
                             " bytes and can never fit max_bytes = " + std::to_string(max_bytes));
    }
}

// ---- one item ----------------------------------------------------------------------------------

Outcome ProducerSide::put(const Piece& piece, Deadline deadline) {
    if (try_put_fast(piece)) [[likely]]
        return Outcome::done;
    return put_slow(piece, deadline);
}

// The usual one: a small item, the lock is free, there is room in the log's last chunk. Otherwise
// put_slow() finds out why it is not.
bool ProducerSide::try_put_fast(const Piece& piece) {
    if (piece.bytes.size() > kInlineMax) return false;
    const SharedQueue::Operation inside(queue_);
    const std::uint32_t slot = inside.slot();
    if (slot == shm::ParticipantTable::kNone) return false;
    State& state = memory_.state;
    auto lock = queue_.try_take(state.tail_lock, slot);
    if (!lock) return false;
    const bool done =
        state.shutdown.load(std::memory_order_relaxed) == kOpen &&
        memory_.room.left(lock.proof(), 1).has(1, piece.bytes.size()) &&
        memory_.tail.try_append(lock.proof(), static_cast<std::uint8_t>(piece.format), piece.bytes);
    lock.release();
    if (done && (memory_.not_empty.may_have_waiters() || memory_.not_full.may_have_waiters())) {
        after_put(1);
    }
    return done;
}

Outcome ProducerSide::put_slow(const Piece& piece, Deadline deadline) {
    return queue_.guarded("put", [&] {
        check_fits(piece);
        const shm::Actor me = queue_.self(deadline);
        if (piece.bytes.size() <= kInlineMax) return put_one(piece, kInline, deadline, me);
        // Wait for the room before the copy, so that no large item is copied for nothing; claim it
        // after.
        shm::WakeupRelay relay([this] { pass_on(); });
        if (!has_room_hint(piece.bytes.size())) {
            const Outcome waited = wait_for_room(piece.bytes.size(), deadline);
            if (waited != Outcome::done) return waited;
        }
        const std::uint32_t block = store_outside(piece, me);
        relay.use();  // put_one() has its own
        Outcome outcome = Outcome::timed_out;
        try {
            outcome = put_one(piece, block, deadline, me);
        } catch (...) {
            queue_.give_block(block, me);
            throw;
        }
        if (outcome != Outcome::done) queue_.give_block(block, me);
        return outcome;
    });
}

// The payload of a large item is copied before any lock is taken.
std::uint32_t ProducerSide::store_outside(const Piece& piece, shm::Actor me) {
    const std::uint32_t block = queue_.take_block(piece.bytes.size(), me);
    PROCESSION_STEP("put.outside.taken");
    std::memcpy(memory_.pool.memory(block), piece.bytes.data(), piece.bytes.size());
    PROCESSION_STEP("put.outside.copied");
    return block;
}

template <class Append>
Outcome ProducerSide::append_when_room(std::string_view operation, std::uint64_t bytes,
                                       Deadline deadline, shm::Actor me, Append append) {
    shm::WakeupRelay relay([this] { pass_on(); });
    for (;;) {
        std::size_t done = 0;
        try {
            const auto lock = queue_.try_acquire(memory_.state.tail_lock, me, operation);
            if (!lock) return Outcome::timed_out;
            if (memory_.state.shutdown.load(std::memory_order_relaxed) != kOpen) {
                return Outcome::shut_down;
            }
            append(lock.proof(), done);
            if (done == 0) memory_.room.require_full(lock.proof());
        } catch (...) {
            if (done > 0) after_put(done);
            throw;
        }
        if (done > 0) {
            relay.use();
            after_put(done);
            return Outcome::done;
        }
        const Outcome waited = wait_for_room(bytes, deadline);
        if (waited != Outcome::done) return waited;
    }
}

Outcome ProducerSide::put_one(const Piece& piece, std::uint32_t block, Deadline deadline,
                              shm::Actor me) {
    const std::uint64_t bytes = piece.bytes.size();
    return append_when_room("put", bytes, deadline, me, [&](HoldsTail lock, std::size_t& done) {
        if (!memory_.room.left(lock, 1).has(1, bytes)) return;
        append(lock, piece, block, me);
        done = 1;
    });
}

void ProducerSide::ensure_chunk(HoldsTail lock, std::size_t payload, shm::Actor me) {
    if (memory_.tail.needs_chunk(lock, static_cast<std::uint32_t>(payload))) {
        memory_.tail.link(lock, queue_.take_block(kChunkBytes, me));
    }
}

void ProducerSide::append(HoldsTail lock, const Piece& piece, std::uint32_t block, shm::Actor me) {
    const auto format = static_cast<std::uint8_t>(piece.format);
    const std::size_t size = piece.bytes.size();
    if (block == kInline) {
        ensure_chunk(lock, size, me);
        memory_.tail.append(lock, format, piece.bytes, size, false);
        return;
    }
    const std::array<std::uint64_t, 2> reference{block, size};
    ensure_chunk(lock, sizeof reference, me);
    memory_.tail.begin_publish(lock, block);
    memory_.tail.append(lock, format, std::as_bytes(std::span(reference)), size, true);
    memory_.tail.end_publish(lock);
}

// ---- many items --------------------------------------------------------------------------------

// The leading small items from `from` on, as many as there is room for.
void ProducerSide::append_run(HoldsTail lock, const Pieces& pieces, std::size_t from,
                              std::size_t& done, shm::Actor me) {
    Room room = memory_.room.left(lock, pieces.size() - from);
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
        const std::size_t run = memory_.tail.try_append_run(lock, next);
        done += run;
        if (run == 0) {  // a new chunk is needed, or this process has not seen the memory yet
            append(lock, piece, kInline, me);
            ++done;
        }
        room = memory_.room.left(lock, pieces.size() - from - done);
    }
}

// Puts the leading small items from `from` on, as many as there is room for, in one critical
// section; waits for the first one's room.
Outcome ProducerSide::put_run(const Pieces& pieces, std::size_t from, Deadline deadline,
                              std::size_t& done) {
    return queue_.guarded("put_many", [&] {
        const shm::Actor me = queue_.self(deadline);
        return append_when_room("put_many", pieces[from].bytes.size(), deadline, me,
                                [&](HoldsTail lock, std::size_t& put) {
                                    try {
                                        append_run(lock, pieces, from, put, me);
                                    } catch (...) {
                                        done = put;
                                        throw;
                                    }
                                    done = put;
                                });
    });
}

std::size_t ProducerSide::put_many(const Pieces& pieces, Deadline deadline, Outcome& outcome) {
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
                outcome = put_run(pieces, total, deadline, run);
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

// ---- loans -------------------------------------------------------------------------------------

Loaned ProducerSide::loan(std::uint64_t bytes) {
    return queue_.guarded("loan", [&] {
        check_fits({Format::raw, {static_cast<const std::byte*>(nullptr), bytes}});
        // Before the block is taken, for close() to see.
        queue_.begin_writing();
        try {
            const std::uint32_t unit =
                queue_.take_block(std::max<std::uint64_t>(bytes, 1), queue_.self());
            PROCESSION_STEP("loan.taken");
            return Loaned{
                {memory_.pool.memory(unit), bytes}, unit, queue_.participant_table().generation()};
        } catch (...) {
            queue_.end_writing();
            throw;
        }
    });
}

Outcome ProducerSide::publish(std::uint32_t unit, std::uint32_t generation, const Piece& piece,
                              Deadline deadline) {
    return queue_.guarded("publish", [&] {
        if (!queue_.is_own(generation)) {
            throw ValueError("publish", queue_.label(),
                             "this loan is the parent process's; a fork child has none of them");
        }
        check_fits(piece);
        const Outcome outcome = put_one(piece, unit, deadline, queue_.self(deadline));
        if (outcome == Outcome::done) queue_.end_writing();
        return outcome;
    });
}

void ProducerSide::end_loan(std::uint32_t unit, std::uint32_t generation) noexcept {
    if (!queue_.is_own(generation)) return;
    try {
        queue_.guarded("loan", [&] { queue_.give_block(unit, queue_.self()); });
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "a loan is left to the end of the process: %s", failed.what());
    }
    queue_.end_writing();
}

// ---- room --------------------------------------------------------------------------------------

bool ProducerSide::has_room_hint(std::uint64_t bytes, std::uint64_t items) const noexcept {
    return memory_.room.hint().has(items, bytes);
}

Outcome ProducerSide::wait_for_room(std::uint64_t bytes, Deadline deadline) {
    // Wait for several free slots: claiming each one as it appears would bounce the consumers'
    // cache line.
    const std::uint64_t several = 1 + memory_.limits.maxsize / 8;
    const bool in_time = queue_.wait(
        memory_.not_full, "put", deadline,
        [&] { return has_room_hint(bytes) || memory_.is_shut_down(); },
        [&] { return has_room_hint(bytes, several) || memory_.is_shut_down(); });
    if (memory_.is_shut_down()) return Outcome::shut_down;
    if (!in_time) queue_.watchers().on_would_block(Ready::room, bytes);
    return in_time ? Outcome::done : Outcome::timed_out;
}

Outcome ProducerSide::await_room(std::uint64_t bytes, Deadline deadline) {
    return queue_.guarded("put", [&] {
        static_cast<void>(queue_.self(deadline));  // a participant notices deaths
        if (has_room_hint(bytes)) return Outcome::done;
        shm::WakeupRelay relay([this] { pass_on(); });
        const Outcome outcome = wait_for_room(bytes, deadline);
        // The caller comes to take the room, so no other producer is woken for it. If the caller
        // does not come, the others find the room at their next look.
        if (outcome == Outcome::done) relay.use();
        return outcome;
    });
}

void ProducerSide::require_running(std::string_view operation) {
    queue_.guarded(operation, [&] {
        if (has_room_hint(1)) {
            queue_.require_running_holder(memory_.state.tail_lock.word, operation);
        }
    });
}

// A producer that sleeps may have been woken in our place.
void ProducerSide::after_put(std::size_t items) {
    memory_.not_empty.notify(items);
    if (memory_.not_full.may_have_waiters()) pass_on();
}

void ProducerSide::pass_on() noexcept {
    if (queue_.is_closed()) return;  // while this thread was in a log sink: the memory may be gone
    if (memory_.not_full.may_have_waiters() && has_room_hint(1)) notify();
}

// Producers may wait for different numbers of bytes: where one finds too little room, another one
// can go on.
void ProducerSide::notify(std::size_t items) noexcept {
    if (memory_.limits.max_bytes != 0) {
        memory_.not_full.notify_all();
    } else {
        memory_.not_full.notify(items);
    }
}

}  // namespace procession::inline v0::detail::queue
