// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "procession/deadline.h"
#include "procession/detail/piece.h"
#include "queue/locks.h"
#include "queue/outcome.h"
#include "shm/actor.h"

namespace procession::inline v0::detail::queue {

class SharedQueue;
struct QueueMemory;

/// Memory for an item that this process writes to, until it is published or given back.
struct Loaned {
    std::span<std::byte> bytes;
    std::uint32_t unit = 0;
    std::uint32_t generation = 0;
};

/// How this process puts items into a queue.
///
/// Threads: any number, any time.
class ProducerSide {
  public:
    ProducerSide(SharedQueue& queue, QueueMemory& memory) : queue_(queue), memory_(memory) {}

    /// Done: the item is committed.
    Outcome put(const Piece& piece, Deadline deadline);
    /// The usual put(), which waits for nothing. False: nothing has happened, and put() is to be
    /// called.
    [[nodiscard]] bool try_put_fast(const Piece& piece);
    /// Returns how many were put; `outcome` says why not all.
    std::size_t put_many(const Pieces& pieces, Deadline deadline, Outcome& outcome);

    /// Memory for an item, this process's until it is published or given back.
    [[nodiscard]] Loaned loan(std::uint64_t bytes);
    /// When it returns done, the loan has ended.
    Outcome publish(std::uint32_t unit, std::uint32_t generation, const Piece& piece,
                    Deadline deadline);
    void end_loan(std::uint32_t unit, std::uint32_t generation) noexcept;

    /// Waits until an item of so many bytes may find room.
    Outcome await_room(std::uint64_t bytes, Deadline deadline);
    [[nodiscard]] bool has_room_hint(std::uint64_t bytes, std::uint64_t items = 1) const noexcept;
    /// Called after put() has timed out. Throws: PeerStopped when a stopped participant was the
    /// reason, and not a lack of room.
    void require_running(std::string_view operation);

    /// So much room has come.
    void notify(std::size_t items = 1) noexcept;
    /// A producer that was woken has taken no room: wakes another one, if there is room.
    void pass_on() noexcept;

  private:
    Outcome put_slow(const Piece& piece, Deadline deadline);
    /// The payload lies in `block`, or in the piece: kInline.
    Outcome put_one(const Piece& piece, std::uint32_t block, Deadline deadline, shm::Actor me);
    Outcome put_run(const Pieces& pieces, std::size_t from, Deadline deadline, std::size_t& done);
    /// Calls append(lock), which returns how many items it has put, until there is room for one.
    template <class Append>
    Outcome append_when_room(std::string_view operation, std::uint64_t bytes, Deadline deadline,
                             shm::Actor me, Append append);
    void append(HoldsTail lock, const Piece& piece, std::uint32_t block, shm::Actor me);
    void append_run(HoldsTail lock, const Pieces& pieces, std::size_t from, std::size_t& done,
                    shm::Actor me);
    void ensure_chunk(HoldsTail lock, std::size_t payload, shm::Actor me);
    [[nodiscard]] std::uint32_t store_outside(const Piece& piece, shm::Actor me);
    [[nodiscard]] Outcome wait_for_room(std::uint64_t bytes, Deadline deadline);
    void check_fits(const Piece& piece) const;
    void after_put(std::size_t items);

    SharedQueue& queue_;
    QueueMemory& memory_;
};

}  // namespace procession::inline v0::detail::queue
