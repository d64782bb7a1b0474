// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fork_local.h"
#include "os/spin_lock.h"
#include "procession/deadline.h"
#include "procession/detail/message.h"
#include "queue/lease_books.h"
#include "queue/leased_deposits.h"
#include "queue/records.h"
#include "queue/suspects.h"
#include "shm/actor.h"

namespace procession::inline v0 {
enum class Abandoned : std::uint8_t;
}

namespace procession::inline v0::detail::queue {

class SharedQueue;
struct QueueMemory;

/// This process as the holder of leases on items of a joinable queue: what it has open, and how it
/// ends it; and join(), which waits until all processes have.
///
/// Threads: any number, any time.
class LeaseHolder {
  public:
    LeaseHolder(SharedQueue& queue, QueueMemory& memory) : queue_(queue), memory_(memory) {}
    ~LeaseHolder() { delete forgotten_books_.load(); }
    LeaseHolder(const LeaseHolder&) = delete;
    LeaseHolder& operator=(const LeaseHolder&) = delete;

    void finish(const Ticket& ticket, const char* operation = "task_done");
    /// Of the calling thread's oldest lease.
    void task_done();
    /// `why` stands in the dead letter, if this was the last delivery.
    void give_back(const Ticket& ticket, std::string_view why = {});
    void reject(const Ticket& ticket, std::string_view reason);
    /// For a lease that no caller will end: its item is given back, or becomes a dead letter, as
    /// the queue's options say. Does nothing when it has ended already, or is the parent process's.
    void abandon(const Ticket& ticket, Abandoned how) noexcept;
    /// The item stays taken, for task_done() in the calling thread. Throws: std::bad_alloc.
    void detach(const Ticket& ticket);
    /// False: the deadline passed first.
    [[nodiscard]] bool join(Deadline deadline);
    [[nodiscard]] std::uint64_t unfinished();

    /// The handles of a leased item, to be let go when it is finished.
    void hold_deposit(const Ticket& ticket, HandleDeposit deposit);

    // Within an operation.
    [[nodiscard]] bool is_open(const Ticket& ticket) const noexcept;
    /// From now on only this thread may end the lease; throws ValueError when it has ended already.
    void begin_ending(const Ticket& ticket, std::string_view operation);
    /// The rest of reject(), after begin_ending().
    void reject_begun(const Ticket& ticket, std::string_view reason, shm::Actor me);
    /// finish() of an item that drain() has taken.
    void finish_drained(const Ticket& ticket);
    /// This thread's book, with room for so many leases more. Throws: std::bad_alloc.
    [[nodiscard, gnu::always_inline]] LeaseBook& book_with_room(std::size_t more) {
        LeaseBook& book = books_.get().of_this_thread();
        book.reserve(more, [this](const Ticket& ticket) { return is_open(ticket); });
        return book;
    }
    [[nodiscard]] Ticket ticket_of(Position at, std::uint32_t deliveries) const noexcept;
    [[nodiscard]] Suspects& suspects() noexcept { return *suspects_; }
    /// Wakes join() when nothing is unfinished any more.
    void notify_joiners();

    /// See SharedQueue. Another thread of the parent, or an operation that was cut short, may have
    /// been writing to the books: they are left alone. `free_later`: by forget_old_books().
    void forget_own_state(bool free_later) noexcept;
    void forget_old_books() noexcept { delete forgotten_books_.exchange(nullptr); }
    /// The queue is closed: leased items wait again, and so do their handles.
    void leave_attachments() noexcept;

  private:
    void leave_open(const Ticket& ticket) noexcept;
    [[nodiscard, gnu::always_inline]] bool try_finish_fast(const Ticket& ticket);
    void finish_within(const Ticket& ticket, const char* operation);
    void settle_own_finishing(shm::Actor me);
    void settle_after_commit(std::uint32_t slot);
    void release_attachment(const Ticket& ticket) noexcept;
    void give_up(const Ticket& ticket, std::string_view why);
    [[nodiscard]] std::string reason_of(Abandoned how);

    SharedQueue& queue_;
    QueueMemory& memory_;
    base::MadeOnFirstUse<LeaseBooks> books_;
    std::atomic<LeaseBooks*> forgotten_books_{nullptr};  // to be freed by the next operation
    base::ForkLocal<Suspects> suspects_;
    base::MadeOnFirstUse<LeasedDeposits> leased_deposits_;
    std::atomic<std::uint64_t> abandoned_{0};  // leases of this process that no call ended
    os::SpinLock finishing_;  // one thread of this process at a time begins to finish an item
};

}  // namespace procession::inline v0::detail::queue
