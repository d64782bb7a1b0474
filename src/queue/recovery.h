// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "queue/locks.h"
#include "queue/records.h"
#include "shm/actor.h"

namespace procession::inline v0::detail::queue {

class SharedQueue;
struct QueueMemory;

/// What a participant does in a queue for another one that has died, or for itself when it leaves.
///
/// All of it is idempotent: the process that does it may die, too.
class Recovery {
  public:
    Recovery(SharedQueue& queue, QueueMemory& memory) : queue_(queue), memory_(memory) {}

    /// See shm::SharedObject::repair().
    void repair(std::uint32_t lock, const shm::DeadOwner& owner);
    /// See shm::SharedObject::reclaim(). Returns: whether a death was recorded.
    bool reclaim(std::uint32_t slot, shm::Holder is, shm::Actor me);
    /// An item whose holder died, or gave it back, waits again; or goes to the dead letters when
    /// that has happened too often. `drops`: instead it counts as finished, as after an immediate
    /// shutdown.
    void take_over(HoldsHead lock, std::uint32_t holder, Position at, bool drops, shm::Actor me,
                   std::string_view why = {});
    /// See shm::SharedObject::audit().
    void audit(shm::Actor me);

  private:
    void acquit_if_in_doubt(HoldsHead lock, std::uint32_t dead, Position at);
    void take_over_counted(HoldsHead lock, std::uint32_t dead, Position at, shm::Actor me);
    void begin_reclaim(HoldsHead lock, std::uint32_t dead, Position at, bool drops);
    void end_reclaim(HoldsHead lock);
    enum class Became : std::uint8_t { nothing, returned, finished };
    [[nodiscard]] Became item_became() const;
    [[nodiscard]] std::vector<Position> free_blocks_of(HoldsHead head, std::uint32_t holder,
                                                       shm::Holder is, shm::Actor me);

    SharedQueue& queue_;
    QueueMemory& memory_;
};

}  // namespace procession::inline v0::detail::queue
