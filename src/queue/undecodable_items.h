// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/fork_local.h"
#include "procession/dead_letter.h"
#include "procession/detail/message.h"
#include "procession/error.h"
#include "queue/dead_letters.h"
#include "queue/pending_dead_letters.h"
#include "queue/records.h"
#include "shm/actor.h"

namespace procession::inline v0::detail::queue {

class SharedQueue;
struct QueueMemory;

/// Items that this process has taken and could not decode, and those for whose copy it has no
/// memory: they become dead letters, now or when there is memory for that, or wait again.
///
/// Threads: any number, any time.
class UndecodableItems {
  public:
    UndecodableItems(SharedQueue& queue, QueueMemory& memory) : queue_(queue), memory_(memory) {}
    ~UndecodableItems() { delete owed_.load(); }
    UndecodableItems(const UndecodableItems&) = delete;
    UndecodableItems& operator=(const UndecodableItems&) = delete;

    /// For bytes that are no element: to the dead letters, at once or when there is memory for it.
    /// Throws: std::bad_alloc when this process has none to remember it by; then a plain queue's
    ///         item is lost, and a joinable queue's waits again.
    void keep_as_dead_letter(const MessageView& message, std::string_view reason);
    /// Takes back an item of a joinable queue for which this process has no memory: as if it had
    /// not been handed out.
    void requeue(const Ticket& ticket);
    [[nodiscard]] std::vector<DeadLetter> dead_letters(bool take);

    /// The next call that takes an item throws, because `count` items did not decode.
    void owe(const DecodeError& first, std::size_t count) noexcept;
    /// Whether an error is owed. A hint: throw_owed_error() knows.
    [[nodiscard]] bool owes_an_error() const noexcept {
        return owed_.load(std::memory_order_relaxed) != nullptr;
    }
    void throw_owed_error();

    // Within an operation, under no lock.
    /// Writes the letters that wait for memory, as far as there is some. Returns how many are left.
    std::size_t write_pending(std::uint32_t slot);
    /// A block of this process's own with this content. Throws: MemoryError.
    [[nodiscard]] std::uint32_t write_letter(const DeadLetters::Content& content, shm::Actor me);
    /// The lock under which that block becomes a dead letter; when it cannot be had, the block goes
    /// back. Throws: PeerStopped.
    [[nodiscard]] shm::LockGuard<MemoryLock> lock_for_letter(std::uint32_t block, shm::Actor me);

    void forget_own_state() noexcept { pending_.reset_after_fork(); }

  private:
    void requeue(Position at, shm::Actor me);
    void keep_lost_bytes(Format format, std::span<const std::byte> bytes, std::string_view reason,
                         shm::Actor me);
    void let_wait(const MessageView& message, std::string_view reason);

    // The error that get_many() could not throw because it had other items to return.
    struct OwedError {
        DecodeError error;
        std::uint32_t generation = 0;
    };

    SharedQueue& queue_;
    QueueMemory& memory_;
    base::MadeOnFirstUse<PendingDeadLetters> pending_;
    std::atomic<OwedError*> owed_{nullptr};
};

}  // namespace procession::inline v0::detail::queue
