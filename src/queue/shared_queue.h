// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "procession/death.h"
#include "procession/detail/codec/format.h"
#include "procession/participant.h"
#include "procession/queue_options.h"
#include "procession/queue_stats.h"
#include "queue/consumer_side.h"
#include "queue/lease_holder.h"
#include "queue/observation.h"
#include "queue/outcome.h"
#include "queue/producer_side.h"
#include "queue/queue_memory.h"
#include "queue/readiness.h"
#include "queue/recovery.h"
#include "queue/undecodable_items.h"
#include "shm/shared_object.h"

namespace procession::inline v0::detail::queue {

/// This process's end of one queue: the untyped protocol over a segment.
///
/// Guarantee: see P1-P7 and P9-P12 in the documentation of the queues. In terms of calls:
///   - put() returned done: the item is committed; every consumer can take it, whatever dies next.
///   - get() returned done from a joinable queue: the item is this process's until finish(),
///     give_back() or reject(); if the process dies first, it goes back by itself.
///
/// Mechanism: a log of records over a BlockPool in the segment, each side under a RobustLock,
/// sleepers at EventCounts. Each change of shared state is committed by one store; Recovery
/// completes or undoes the last change of a dead lock holder, and reclaims a dead participant's
/// items and blocks. Its parts: ProducerSide puts, ConsumerSide takes, LeaseHolder ends
/// leases, QueueMemory is what they all work on.
///
/// Threads: any number, any time.
class SharedQueue final : public shm::SharedObject {
  public:
    [[nodiscard]] static std::shared_ptr<SharedQueue> create(QueueKind kind, const TypeStamp& stamp,
                                                             const QueueOptions& options);
    /// The queue in `file`; the same object for the same queue, however often it arrives.
    [[nodiscard]] static std::shared_ptr<SharedQueue> attach(os::Handle file);
    ~SharedQueue() override;
    SharedQueue(const SharedQueue&) = delete;
    SharedQueue& operator=(const SharedQueue&) = delete;

    [[nodiscard]] QueueMemory& memory() noexcept { return memory_; }
    [[nodiscard]] ProducerSide& producer() noexcept { return producer_; }
    [[nodiscard]] ConsumerSide& consumer() noexcept { return consumer_; }
    [[nodiscard]] LeaseHolder& leases() noexcept { return leases_; }
    [[nodiscard]] UndecodableItems& undecodable() noexcept { return undecodable_; }
    [[nodiscard]] Recovery& recovery() noexcept { return recovery_; }
    [[nodiscard]] Watchers& watchers() noexcept { return watchers_; }

    [[nodiscard]] const char* kind() const noexcept override;
    [[nodiscard]] bool is_joinable() const noexcept { return memory_.joinable; }
    [[nodiscard]] QueueKind queue_kind() const noexcept {
        return memory_.joinable ? QueueKind::joinable : QueueKind::plain;
    }
    [[nodiscard]] const Limits& limits() const noexcept { return memory_.limits; }
    /// Whether waiting for items or room is over, for this process or for all. A hint.
    [[nodiscard]] bool is_over() const noexcept {
        return is_interrupted() || memory_.is_shut_down();
    }

    void shutdown(bool immediate);
    [[nodiscard]] bool is_shut_down();
    [[nodiscard]] std::uint64_t qsize();
    [[nodiscard]] bool full();
    [[nodiscard]] QueueStats stats();
    [[nodiscard]] std::vector<Participant> participants();
    [[nodiscard]] std::vector<Death> deaths(std::uint64_t since);

    // Within an operation, under no lock.
    /// A block that is this process's own. Throws: MemoryError; PeerStopped.
    [[nodiscard]] std::uint32_t take_block(std::uint64_t bytes, shm::Actor me);
    void give_block(std::uint32_t unit, shm::Actor me);

  private:
    friend struct QueueForTests;  // tests/schedule: several participants in one process

    enum Request : std::uint32_t {
        kShutDown = shm::kFirstRequest,
        kShutDownNow = shm::kFirstRequest * 2,
    };

    explicit SharedQueue(shm::Segment fresh);
    void initialise(const QueueOptions& options);

    // SharedObject.
    [[nodiscard]] std::span<std::atomic<std::uint32_t>* const> locks() const noexcept override {
        return locks_;
    }
    void repair(std::uint32_t lock, const shm::DeadOwner& owner) override;
    void reclaim(std::uint32_t slot, shm::Holder is, shm::Actor me) override;
    void wake_sleepers() noexcept override;
    void audit(shm::Actor me) override;
    void check_constants() const override;
    void on_slice(std::uint32_t slot) override;
    [[nodiscard]] std::string describe(const shm::DeathEntry& death) const override;
    void give_up_all(std::uint32_t slot) override;
    void forget_own_state(Reason reason) noexcept override;
    void repair_own_remains() override;
    void serve(std::uint32_t requests) override;
    void on_close() noexcept override;

    void shut_down(bool immediate);
    void store_shutdown(HoldsTail lock, bool immediate);
    void shut_down_from_inside(bool immediate) noexcept;
    [[nodiscard]] Waiting count_waiting();
    [[nodiscard]] std::vector<std::uint64_t> count_held(shm::Actor me);
    [[noreturn]] void refuse_memory(std::error_code code, std::uint64_t bytes) const;

    QueueMemory memory_;
    std::array<std::atomic<std::uint32_t>*, kLocks> locks_;  // by LockNumber
    Recovery recovery_;
    LeaseHolder leases_;
    UndecodableItems undecodable_;
    ProducerSide producer_;
    ConsumerSide consumer_;
    Watchers watchers_;
};

}  // namespace procession::inline v0::detail::queue
