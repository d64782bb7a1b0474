// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/step.h"
#include "procession/detail/message.h"
#include "procession/queue_options.h"
#include "queue/log_head.h"
#include "queue/queue_memory.h"
#include "queue/record.h"
#include "shm/layout.h"
#include "shm/segment.h"
#include "support/held_lock.h"

namespace procession::detail::queue::testing {

using namespace detail;

#ifdef PROCESSION_KILL_POINTS
inline constexpr bool kHasSteps = true;
#else
inline constexpr bool kHasSteps = false;
#endif

// Two of the slots.
inline constexpr std::uint32_t kMine = 1;
inline constexpr std::uint32_t kOther = 2;

[[nodiscard]] inline std::uint32_t chunk_of(const Ticket& ticket) {
    return Position::unpack(ticket.position).chunk;
}

/// The parts of one queue, on a segment that no other process sees. Each lock is held. A test acts
/// in the name of several participants, which are only numbers of slots.
class QueueParts {
  public:
    static constexpr std::uint32_t kUnits = 256;
    static constexpr std::uint32_t kSlots = 4;
    /// Of such items a chunk has kLongPerChunk.
    static constexpr std::size_t kLong = 4000;
    static constexpr std::uint32_t kLongPerChunk = 16;

    explicit QueueParts(QueueKind kind = QueueKind::joinable)
        : segment_(shm::Segment::create({.kind = static_cast<std::uint32_t>(kind),
                                         .memory_limit = std::uint64_t{kUnits} * shm::kUnitBytes,
                                         .stamp = {},
                                         .name = "parts"})),
          memory_(segment_) {
        EXPECT_FALSE(segment_.allocate_units(0, kUnits));
        segment_.header().participants_end.store(kSlots);
        memory_.tail.begin(state().head, block(kChunkUnits));
    }

    [[nodiscard]] State& state() noexcept { return memory_.state; }
    [[nodiscard]] shm::BlockPool& pool() noexcept { return memory_.pool; }
    [[nodiscard]] Records& records() noexcept { return memory_.records; }
    [[nodiscard]] LeaseTable& leases() noexcept { return memory_.leases; }
    [[nodiscard]] DeadLetters& letters() noexcept { return memory_.letters; }
    [[nodiscard]] shm::ParticipantSlot& participant(std::uint32_t slot) noexcept {
        return segment_.participant(slot);
    }
    [[nodiscard]] HoldsHead head() const noexcept { return head_lock_.proof(); }
    [[nodiscard]] HoldsMemory memory() const noexcept { return memory_lock_.proof(); }

    /// A block of the participant in `slot`.
    std::uint32_t block(std::uint32_t units, std::uint32_t slot = 0) {
        std::error_code failed;
        const std::uint32_t unit = pool().take(memory(), units, slot, failed);
        EXPECT_NE(unit, shm::BlockPool::kNone) << failed.message();
        return unit;
    }

    // What producers and consumers do.
    Position put(std::size_t bytes = 8) {
        return append(std::vector<std::byte>(bytes), bytes, false);
    }
    /// With a payload in a block of its own.
    Position put_outside(std::uint32_t units) {
        const std::uint32_t unit = block(units);
        const std::uint64_t bytes = std::uint64_t{units} * shm::kUnitBytes;
        const std::array<std::uint64_t, 2> reference{unit, bytes};
        memory_.tail.begin_publish(tail_lock_.proof(), unit);
        const Position at = append(std::as_bytes(std::span(reference)), bytes, true);
        memory_.tail.end_publish(tail_lock_.proof());
        return at;
    }
    /// For the participant in `slot`. Leaves the head's chunk when that is used up.
    Ticket take(std::uint32_t slot) {
        Front found;
        const bool is_there =
            memory_.head.front(head(), found, [&](std::uint32_t chunk, std::uint64_t first_count) {
                leases().retire(memory(), chunk, first_count);
            });
        EXPECT_TRUE(is_there);
        leases().hand_out(head(), found.record, slot);
        memory_.head.advance(head(), found, records().counted_bytes(found.record, found.head));
        return ticket_of(found.at, 1);
    }
    std::vector<Ticket> take_many(std::size_t count, std::uint32_t slot) {
        std::vector<Ticket> tickets;
        for (std::size_t i = 0; i < count; ++i) tickets.push_back(take(slot));
        return tickets;
    }
    void give_back(const Ticket& ticket) {
        const auto at = Position::unpack(ticket.position);
        leases().push_returned(head(), at, record_at(at));
    }
    Ticket take_returned(std::uint32_t slot) {
        std::byte* record = nullptr;
        RecordHead found;
        const Position at = leases().oldest_returned(head(), record, found);
        return ticket_of(at, leases().pop_returned(head(), at, record, slot));
    }
    void finish(const Ticket& ticket) {
        const auto at = Position::unpack(ticket.position);
        leases().finish(memory(), at, record_at(at));
    }
    [[nodiscard]] std::vector<Position> returned() {
        return leases().collect(head(), memory(), LeaseState::returned, 0);
    }

    /// What other processes do after this one has died, or has been stopped, at any step. `dead` is
    /// its slot.
    void recover(std::uint32_t dead) {
        leases().repair(memory());
        if (leases().is_list_torn()) leases().rebuild_returned(head(), returned());
        leases().settle_finishing(memory(), dead);
    }

    [[nodiscard]] Ticket ticket_of(Position at, std::uint32_t deliveries) {
        return {at.pack(), records().chunk(at.chunk).first_count.load(), deliveries, 0};
    }
    [[nodiscard]] std::byte* record_at(Position at) {
        RecordHead found;
        return records().record_at(at, found);
    }
    [[nodiscard]] LeaseWord lease_of(const Ticket& ticket) {
        return LeaseWord::unpack(records().lease_at(Position::unpack(ticket.position)).load());
    }
    [[nodiscard]] bool is_finished(const Ticket& ticket) {
        return lease_of(ticket).state == LeaseState::finished;
    }
    /// Becomes what another process would find of `other`.
    void copy(const QueueParts& other) {
        const std::byte* from = other.segment_.object();
        const auto before_data = static_cast<std::size_t>(other.segment_.data() - from);
        const std::size_t used = std::size_t{other.memory_.state.pool.end.load()} * shm::kUnitBytes;
        std::memcpy(segment_.object(), from, before_data + used);
    }

  private:
    Position append(std::span<const std::byte> payload, std::uint64_t counted, bool outside) {
        const auto length = static_cast<std::uint32_t>(payload.size());
        if (memory_.tail.needs_chunk(tail_lock_.proof(), length)) {
            memory_.tail.link(tail_lock_.proof(), block(kChunkUnits));
        }
        const auto at = Position::unpack(state().tail.position.load());
        memory_.tail.append(tail_lock_.proof(), 0, payload, counted, outside);
        return at;
    }

    procession::testing::HeldLock<TailLock> tail_lock_;
    procession::testing::HeldLock<HeadLock> head_lock_;
    procession::testing::HeldLock<MemoryLock> memory_lock_;
    shm::Segment segment_;
    QueueMemory memory_;
};

/// Calls look(name) at each named step of act(), but for the steps of look() itself.
inline void watch_steps(const std::function<void()>& act, std::function<void(const char*)> look) {
#ifdef PROCESSION_KILL_POINTS
    static std::function<void(const char*)> watcher;
    watcher = [looks = false, look = std::move(look)](const char* step) mutable {
        if (std::exchange(looks, true)) return;
        look(step);
        looks = false;
    };
    base::step_hook.store([](const char* step) { watcher(step); });
    act();
    base::step_hook.store(nullptr);
#else
    static_cast<void>(look);
    act();
#endif
}

/// What a process leaves of a queue when it dies at this step.
struct Death {
    std::string step;
    std::unique_ptr<QueueParts> left;
};

/// The deaths at each step of act(). Afterwards `parts` is as act() leaves it.
inline std::vector<Death> deaths_in(QueueParts& parts, const std::function<void()>& act,
                                    QueueKind kind = QueueKind::joinable) {
    std::vector<Death> found;
    watch_steps(act, [&](const char* step) {
        found.push_back({step, std::make_unique<QueueParts>(kind)});
        found.back().left->copy(parts);
    });
    return found;
}

}  // namespace procession::detail::queue::testing
