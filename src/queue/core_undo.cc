// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <utility>

#include "base/logging.h"
#include "queue/core_impl.h"

// How items are undelivered, or their dead letters put off, when this process has no memory.

namespace procession::queue {

using shm::BlockState;

namespace {

constexpr std::chrono::milliseconds kLetterPatience{20};

}  // namespace

// Allocates nothing. The lease is held by this process and known to no other thread of it.
void Core::undeliver(Position at, Actor me) {
    try {
        acquire(state_.head_lock, {me.slot});
        const Lock lock(state_.head_lock);
        RecordHead head;
        auto& lease_word = RecordLog::lease_word(log_.record_at(at, head));
        LeaseWord lease = LeaseWord::unpack(lease_word.load());
        if (lease.deliveries > 0) --lease.deliveries;
        if (state_.listing.is_open()) {
            // The list is to be rebuilt from the leases in any case.
            lease_word.store(LeaseWord{LeaseState::returned, 0, lease.deliveries}.pack());
        } else {
            lease_word.store(lease.pack());
            PROCESSION_STEP("undeliver.lowered");
            take_over(me.slot, at, drops_items(), me);
        }
    } catch (const std::exception& failed) {
        // A participant is stopped inside. The item comes back when this process closes the queue.
        base::log(LogLevel::warning, "an item stays taken: %s", failed.what());
    } catch (const shm::Corrupt&) {
        segment_.poison();
    }
    not_empty_.notify();
}

void Core::undeliver(const Ticket& ticket) {
    guarded("get", [&] {
        const Actor me = self();
        begin_ending(ticket, "get");
        undeliver(Position::unpack(ticket.position), me);
    });
}

void Core::store_lost_bytes(Format format, std::span<const std::byte> bytes,
                            std::string_view reason, Actor me) {
    const std::uint32_t block = write_dead_letter(format, bytes, 1, reason, me);
    try {
        acquire(state_.memory_lock, me);
    } catch (const std::exception&) {  // a participant is stopped
        give_block(block, me);
        throw;
    }
    const Lock lock(state_.memory_lock);
    RecordLog::word(pool_.memory(block)).store(state_.dead_lettered.load() + 1);
    begin_intent(MemoryIntent::lost_bytes, {}, block);
    pool_.set(block, BlockState::dead_letter, 0);
    PROCESSION_STEP("lost_bytes.kept");
    state_.dead_lettered.store(state_.memory_intent.value(kDeadLetteredBefore) + 1,
                               std::memory_order_release);
    PROCESSION_STEP("lost_bytes.counted");
    state_.memory_intent.end();
    PROCESSION_STEP("lost_bytes.settled");
}

void Core::keep_as_dead_letter(const MessageView& message, std::string_view reason) {
    guarded("get", [&] {
        const Actor me = self();
        if (joinable_) begin_ending(message.ticket, "get");
        try {
            if (joinable_) {
                reject_now(message.ticket, reason, me);
            } else {
                store_lost_bytes(message.format, message.bytes, reason, me);
            }
        } catch (const std::exception& failed) {
            let_letter_wait(message, reason);
            base::log(LogLevel::warning, "a dead letter waits for memory: %s", failed.what());
        }
    });
}

void Core::owe(const DecodeError& first, std::size_t count) noexcept {
    try {
        const std::string what = std::to_string(count) +
                                 " of the items that the last get_many() took did not decode and "
                                 "went to the dead letters, the first one because: " +
                                 first.what();
        base::log(LogLevel::warning, "%s: %s", label().c_str(), what.c_str());
        auto fresh = std::make_unique<OwedError>(
            OwedError{DecodeError("get_many", label(), what), participants_.generation()});
        // acq_rel: pairs with the exchange of the thread that pays. What was owed before has been
        // logged, and is in the dead letters, too.
        delete owed_.exchange(fresh.release(), std::memory_order_acq_rel);
    } catch (const std::bad_alloc&) {
        base::log(LogLevel::warning, "%zu items did not decode: see the dead letters", count);
    }
}

void Core::pay_owed_error() {
    if (!owes_an_error()) return;
    // acq_rel: pairs with the exchange of the thread that owed it
    const std::unique_ptr<OwedError> owed(owed_.exchange(nullptr, std::memory_order_acq_rel));
    // A fork child owes nothing of what its parent took.
    if (owed && is_own(owed->generation)) throw DecodeError(owed->error);
}

// A joinable queue's item stays leased to this process, as one whose lease is being ended: no other
// thread or process can end it, it blocks nothing, and it comes back when the process ends. A plain
// queue's bytes belong to this process, like every item that it has taken.
void Core::let_letter_wait(const MessageView& message, std::string_view reason) {
    try {
        WaitingLetters::Letter letter{message.ticket, message.format, {}, std::string(reason)};
        if (!joinable_) letter.bytes.assign(message.bytes.begin(), message.bytes.end());
        waiting_letters_.get().add(std::move(letter));
    } catch (const std::bad_alloc&) {
        if (joinable_) {
            undeliver(Position::unpack(message.ticket.position), self());
        } else {
            base::log(LogLevel::error, "an item of %zu bytes is lost: no memory for its letter",
                      message.bytes.size());
        }
        throw;
    }
}

std::size_t Core::write_waiting_letters(std::uint32_t slot) {
    WaitingLetters* waiting = waiting_letters_.if_made();
    if (waiting == nullptr || slot == shm::ParticipantTable::kNone) return 0;
    // Not longer than a nap: the caller waits for something else.
    const Actor me{slot, Deadline::now(), kLetterPatience};
    return waiting->write_out([&](const WaitingLetters::Letter& letter) {
        try {
            if (joinable_) {
                reject_now(letter.ticket, letter.reason, me);
            } else {
                store_lost_bytes(letter.format, letter.bytes, letter.reason, me);
            }
            return true;
        } catch (const std::exception&) {  // not yet
            return false;
        }
    });
}

}  // namespace procession::queue
