// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "procession/deadline.h"
#include "procession/detail/batch.h"
#include "procession/detail/byte_view.h"
#include "procession/detail/message.h"
#include "queue/locks.h"
#include "queue/log_head.h"
#include "queue/outcome.h"
#include "queue/records.h"
#include "queue/room.h"
#include "shm/actor.h"

namespace procession::inline v0::detail::queue {

class SharedQueue;
struct QueueMemory;

/// An item that was taken and is not copied yet.
struct TakenItem {
    Position at;
    RecordHead head;
    std::byte* record = nullptr;
    std::uint32_t deliveries = 0;
    // Where it lies: a plain queue's record belongs to no process any more, its chunk may be in
    // other use.
    std::span<const std::byte> payload;
    std::uint32_t unit = shm::BlockPool::kNone;  // its block, if that is to be freed
};

/// What a destination has come to in one critical section.
enum class Took : std::uint8_t {
    nothing,       // there is none
    some,          //
    other,         // the oldest is of another kind, and left to the caller
    needs_memory,  // there is one, for which prepare() is to have memory
    held_back,     // there is one, and it is to be taken alone
};

/// How this process takes items from a queue, to a destination: a message, a batch, a span, or a
/// view of the item where it lies.
///
/// Threads: any number, any time.
class ConsumerSide {
  public:
    ConsumerSide(SharedQueue& queue, QueueMemory& memory) : queue_(queue), memory_(memory) {}

    Outcome get(Message& message, Deadline deadline);
    /// The usual get(), which waits for nothing. False: nothing has happened, and get() is to be
    /// called.
    [[nodiscard]] bool try_get_fast(Message& message);
    /// Takes the oldest item of a plain queue to `destination`, if it is a raw one of that size and
    /// nothing is in the way. False: nothing has happened, and get() is to be called.
    [[nodiscard]] bool try_get_raw_fast(std::span<std::byte> destination);
    /// Fills the batch with between 1 and `most` items.
    Outcome get_many(Batch& batch, std::size_t most, Deadline deadline);
    /// For a plain queue: takes the oldest items straight to `destination`, `each` bytes apart,
    /// while they are raw ones of that size. `got` may be 0: then the oldest item is of another
    /// kind.
    Outcome get_many_raw(std::span<std::byte> destination, std::size_t each, std::size_t& got,
                         Deadline deadline);
    /// get() that does not copy an item that lies in a block: the view then holds the block.
    Outcome borrow(ByteView& view, Deadline deadline, const std::shared_ptr<SharedQueue>& self);
    void end_view(std::uint32_t unit, std::uint32_t generation) noexcept;

    /// About how many items wait: at least 1, and not more than there can be.
    [[nodiscard]] std::size_t size_hint();
    /// Called after get() has timed out. Throws: PeerStopped when a stopped participant was the
    /// reason, and not a lack of items.
    void require_running(std::string_view operation);
    /// After an immediate shutdown: what is left counts as finished, so that join() ends.
    void drain();

    /// A consumer that was woken has taken nothing: wakes another one, if there is an item.
    void pass_on() noexcept;
    /// Completes the work of a dead holder of the head lock that needs the memory lock.
    void settle(HoldsHead lock, shm::Actor me);

  private:
    class MessageDestination;
    class BatchDestination;
    class SpanDestination;

    /// Within an operation.
    template <class Destination>
    Outcome take(Destination& to, Deadline deadline);
    template <class Destination>
    void take_more(Destination& to, shm::Actor me);
    /// Takes the oldest item, a returned one first. `message` gets memory for its payload before
    /// the item is taken, unless that stays `in_place`.
    [[nodiscard]] Took take_one(HoldsHead lock, shm::Actor me, bool may_wait, bool in_place,
                                Message& message, TakenItem& taken);
    [[nodiscard]] bool front(HoldsHead lock, Front& front, shm::Actor me);
    /// What follows when the head has left a chunk.
    void retire(std::uint32_t chunk, std::uint64_t first_count, shm::Actor me);
    /// Copies what take_one() has left in shared memory. Under no lock.
    void complete(const TakenItem& taken, Message& message, shm::Actor me);
    void after_taking(std::size_t items);
    [[nodiscard]] bool has_returned(HoldsHead lock) const noexcept;
    [[nodiscard]] bool holds_back_returned() noexcept;
    [[nodiscard]] Outcome rest_beside_suspect(Deadline deadline);
    [[nodiscard]] bool must_wait() const noexcept;
    [[nodiscard]] Outcome wait_for_items(Deadline deadline);
    [[nodiscard]] std::uint64_t count_hint() const noexcept;
    [[nodiscard]] Room waiting_hint(std::size_t most) const noexcept;

    SharedQueue& queue_;
    QueueMemory& memory_;
};

}  // namespace procession::inline v0::detail::queue
