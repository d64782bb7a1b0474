// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/undecodable_items.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/logging.h"
#include "queue/shared_queue.h"

namespace procession::inline v0::detail::queue {

namespace {

constexpr std::chrono::milliseconds kLetterPatience{20};

}  // namespace

// Allocates nothing. The lease is held by this process and known to no other thread of it.
void UndecodableItems::requeue(Position at, shm::Actor me) {
    try {
        const auto lock = queue_.acquire(memory_.state.head_lock, {me.slot});
        RecordHead head;
        auto& word = lease_word(memory_.records.record_at(at, head));
        LeaseWord lease = LeaseWord::unpack(word.load());
        if (lease.deliveries > 0) --lease.deliveries;
        if (memory_.leases.is_list_torn()) {
            // The list is to be rebuilt from the leases in any case.
            word.store(LeaseWord{LeaseState::returned, 0, lease.deliveries}.pack());
        } else {
            word.store(lease.pack());
            PROCESSION_STEP("requeue.lowered");
            queue_.recovery().take_over(lock.proof(), me.slot, at, memory_.drops_items(), me);
        }
    } catch (const std::exception& failed) {
        // A participant is stopped inside. The item comes back when this process closes the queue.
        base::log(LogLevel::warning, "an item stays taken: %s", failed.what());
    } catch (const shm::Corrupt&) {
        queue_.segment().poison();
    }
    memory_.not_empty.notify();
}

void UndecodableItems::requeue(const Ticket& ticket) {
    queue_.guarded("get", [&] {
        const shm::Actor me = queue_.self();
        queue_.leases().begin_ending(ticket, "get");
        requeue(Position::unpack(ticket.position), me);
    });
}

std::uint32_t UndecodableItems::write_letter(const DeadLetters::Content& content, shm::Actor me) {
    const std::uint32_t block = queue_.take_block(content.bytes_needed(), me);
    memory_.letters.write(block, content);
    return block;
}

shm::LockGuard<MemoryLock> UndecodableItems::lock_for_letter(std::uint32_t block, shm::Actor me) {
    try {
        return queue_.acquire(memory_.state.memory_lock, me);
    } catch (const std::exception&) {  // a participant is stopped
        queue_.give_block(block, me);
        throw;
    }
}

void UndecodableItems::keep_lost_bytes(Format format, std::span<const std::byte> bytes,
                                       std::string_view reason, shm::Actor me) {
    const std::uint32_t block = write_letter({format, bytes, 1, reason}, me);
    const auto lock = lock_for_letter(block, me);
    memory_.leases.keep_lost_bytes(lock.proof(), block);
}

void UndecodableItems::keep_as_dead_letter(const MessageView& message, std::string_view reason) {
    queue_.guarded("get", [&] {
        const shm::Actor me = queue_.self();
        if (memory_.joinable) queue_.leases().begin_ending(message.ticket, "get");
        try {
            if (memory_.joinable) {
                queue_.leases().reject_begun(message.ticket, reason, me);
            } else {
                keep_lost_bytes(message.format, message.bytes, reason, me);
            }
        } catch (const std::exception& failed) {
            let_wait(message, reason);
            base::log(LogLevel::warning, "a dead letter waits for memory: %s", failed.what());
        }
    });
}

// A joinable queue's item stays leased to this process, as one whose lease is being ended: no other
// thread or process can end it, it blocks nothing, and it comes back when the process ends. A plain
// queue's bytes belong to this process, like every item that it has taken.
void UndecodableItems::let_wait(const MessageView& message, std::string_view reason) {
    try {
        PendingDeadLetters::Letter letter{message.ticket, message.format, {}, std::string(reason)};
        if (!memory_.joinable) letter.bytes.assign(message.bytes.begin(), message.bytes.end());
        pending_.get().add(std::move(letter));
    } catch (const std::bad_alloc&) {
        if (memory_.joinable) {
            requeue(Position::unpack(message.ticket.position), queue_.self());
        } else {
            base::log(LogLevel::error, "an item of %zu bytes is lost: no memory for its letter",
                      message.bytes.size());
        }
        throw;
    }
}

std::size_t UndecodableItems::write_pending(std::uint32_t slot) {
    PendingDeadLetters* pending = pending_.if_made();
    if (pending == nullptr || slot == shm::ParticipantTable::kNone) return 0;
    // Not longer than a slice: the caller waits for something else.
    const shm::Actor me{slot, Deadline::now(), kLetterPatience};
    return pending->write_out([&](const PendingDeadLetters::Letter& letter) {
        try {
            if (memory_.joinable) {
                queue_.leases().reject_begun(letter.ticket, letter.reason, me);
            } else {
                keep_lost_bytes(letter.format, letter.bytes, letter.reason, me);
            }
            return true;
        } catch (const std::exception&) {  // not yet
            return false;
        }
    });
}

std::vector<DeadLetter> UndecodableItems::dead_letters(bool take) {
    return queue_.guarded("dead_letters", [&] {
        const shm::Actor me = queue_.self();
        write_pending(me.slot);
        const auto lock = queue_.acquire(memory_.state.memory_lock, me);
        return memory_.letters.read_all(lock.proof(), take);
    });
}

void UndecodableItems::owe(const DecodeError& first, std::size_t count) noexcept {
    try {
        const std::string what = std::to_string(count) +
                                 " of the items that the last get_many() took did not decode and "
                                 "went to the dead letters, the first one because: " +
                                 first.what();
        base::log(LogLevel::warning, "%s: %s", queue_.label().c_str(), what.c_str());
        auto fresh =
            std::make_unique<OwedError>(OwedError{DecodeError("get_many", queue_.label(), what),
                                                  queue_.participant_table().generation()});
        // acq_rel: pairs with the exchange of the thread that throws. What was owed before has been
        // logged, and is in the dead letters, too.
        delete owed_.exchange(fresh.release(), std::memory_order_acq_rel);
    } catch (const std::bad_alloc&) {
        base::log(LogLevel::warning, "%zu items did not decode: see the dead letters", count);
    }
}

void UndecodableItems::throw_owed_error() {
    if (!owes_an_error()) return;
    // acq_rel: pairs with the exchange of the thread that owed it
    const std::unique_ptr<OwedError> owed(owed_.exchange(nullptr, std::memory_order_acq_rel));
    // A fork child owes nothing of what its parent took.
    if (owed && queue_.is_own(owed->generation)) throw DecodeError(owed->error);
}

}  // namespace procession::inline v0::detail::queue
