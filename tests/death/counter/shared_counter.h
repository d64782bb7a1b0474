// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "procession/error.h"
#include "shm/intent.h"
#include "shm/shared_object.h"
#include "shm/wakeup_relay.h"

namespace procession::testing {

using namespace detail;

/// The smallest shared object: a number of places, of which each participant takes some and gives
/// them back. One that dies gives back what it holds: free places and held ones stay as many.
class SharedCounter final : public shm::SharedObject {
  public:
    [[nodiscard]] static std::shared_ptr<SharedCounter> create(std::uint64_t places) {
        if (places > UINT16_MAX) throw ValueError("create", "", "at most 65535 places");
        shm::SegmentPlan plan;
        plan.kind = kKind;
        plan.memory_limit = shm::kUnitBytes;
        std::shared_ptr<SharedCounter> counter(new SharedCounter(shm::Segment::create(plan)),
                                               release);
        counter->state_.free.store(places);
        return std::static_pointer_cast<SharedCounter>(adopt(std::move(counter)));
    }
    [[nodiscard]] static std::shared_ptr<SharedCounter> attach(os::Handle file) {
        shm::Segment segment = shm::Segment::attach(std::move(file));
        if (segment.header().kind != kKind) throw CorruptSegment("attach", "", "no counter");
        std::shared_ptr<SharedCounter> counter(new SharedCounter(std::move(segment)), release);
        return std::static_pointer_cast<SharedCounter>(adopt(std::move(counter)));
    }
    ~SharedCounter() override { close_at_destruction(); }
    [[nodiscard]] const char* kind() const noexcept override { return "SharedCounter"; }
    /// False: no place was free until the deadline.
    [[nodiscard]] bool take(Deadline deadline) {
        return guarded("take", [&] {
            const shm::Actor me = self(deadline);
            shm::WakeupRelay relay([this] { wake_one(); });
            for (;;) {
                auto lock = try_acquire(state_.lock, me, "take");
                if (!lock) return false;
                if (has_free()) {
                    move(lock.proof(), Kind::take, me.slot);
                    return true;  // not relay.use(): what is left is for the next waiter
                }
                lock.release();
                if (!wait(given_, "take", deadline, [&] { return has_free(); })) return false;
            }
        });
    }
    /// False: this process holds none.
    [[nodiscard]] bool give() {
        return guarded("give", [&] {
            const shm::Actor me = self();
            auto lock = acquire(state_.lock, me);
            if (held(me.slot).load() == 0) return false;
            move(lock.proof(), Kind::give, me.slot);
            lock.release();
            wake_one();
            return true;
        });
    }
    [[nodiscard]] std::uint64_t free_places() {
        return guarded("free_places", [&] {
            check_owner(state_.lock.word);
            return state_.free.load();
        });
    }
    [[nodiscard]] std::uint64_t held_by(std::uint32_t slot) {
        return guarded("held_by", [&] { return std::uint64_t{held(slot).load()}; });
    }

    static constexpr std::uint32_t kKind = 100;
    struct CounterLock {
        static constexpr bool guards_deaths = true;
    };
    struct State {
        shm::LockWord<CounterLock> lock;
        std::atomic<std::uint32_t> given;
        shm::Intent<2> moving;  // a place, from or to the participant that is the subject
        std::atomic<std::uint64_t> free;
        std::array<std::atomic<std::uint16_t>, shm::kParticipantsMax> held;  // by slot
    };
    static_assert(shm::kObjectOffset + sizeof(State) <= shm::kRegistryOffset);

  private:
    friend struct CounterForTests;  // tests/schedule: several participants in one process
    enum class Kind : std::uint8_t { take = 1, give = 2 };

    explicit SharedCounter(shm::Segment fresh) : SharedObject(std::move(fresh)) {
        start_listening();
    }
    [[nodiscard]] std::atomic<std::uint16_t>& held(std::uint32_t slot) {
        return state_.held[slot % shm::kParticipantsMax];
    }
    [[nodiscard]] bool has_free() const noexcept { return state_.free.load() != 0; }
    void wake_one() noexcept {
        if (!is_closed() && has_free()) given_.notify();
    }

    // The count of free places commits; what the participant holds follows from it.
    void move(shm::Holds<CounterLock> lock, Kind kind, std::uint32_t slot) {
        const std::uint64_t free = state_.free.load();
        state_.moving.begin(kind, slot, 0, {free, held(slot).load()});
        PROCESSION_STEP("counter.begun");
        state_.free.store(kind == Kind::take ? free - 1 : free + 1);
        PROCESSION_STEP("counter.committed");
        complete(lock);
    }
    void complete(shm::Holds<CounterLock> /*lock*/) {
        const auto& moving = state_.moving;
        if (moving.is_open() && state_.free.load() != moving.value(0)) {
            const std::uint64_t before = moving.value(1);
            const std::uint64_t now = moving.is(Kind::take) ? before + 1 : before - 1;
            held(static_cast<std::uint32_t>(moving.subject()))
                .store(static_cast<std::uint16_t>(now));
            PROCESSION_STEP("counter.counted");
        }
        state_.moving.end();
        PROCESSION_STEP("counter.ended");
    }

    [[nodiscard]] std::span<std::atomic<std::uint32_t>* const> locks() const noexcept override {
        return locks_;
    }
    void repair(std::uint32_t /*lock*/, const shm::DeadOwner& owner) override {
        complete({state_.lock, owner});
    }
    void reclaim(std::uint32_t slot, shm::Holder is, shm::Actor me) override {
        const auto lock = acquire(state_.lock, me);
        if (is == shm::Holder::dead) death_log().note_tally_once(slot, 0, held(slot).load());
        while (held(slot).load() != 0) move(lock.proof(), Kind::give, slot);
        if (is == shm::Holder::dead) death_log().record(lock.proof(), slot);
    }
    void wake_sleepers() noexcept override { given_.notify_all(); }

    State& state_ = *reinterpret_cast<State*>(segment().object());
    shm::EventCount given_{state_.given};
    std::array<std::atomic<std::uint32_t>*, 1> locks_{&state_.lock.word};
};

}  // namespace procession::testing
