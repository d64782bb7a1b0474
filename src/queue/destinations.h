// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "base/step.h"
#include "queue/batch_filler.h"
#include "queue/consumer_side.h"
#include "queue/shared_queue.h"

// Where ConsumerSide::take() takes items to. A destination has
//   prepare()                     under no lock, before each try: memory, so that no taken item can
//                                 be lost for want of it
//   take(lock, me, may_wait)      in the critical section
//   complete(me)                  after it, under no lock: copies, and enters leases
//   taken()                       how many items the last take() took
//   wants_more()                  whether another take() is welcome

namespace procession::inline v0::detail::queue {

/// One item of any kind, copied to a message. `in_place`: but for one that lies in a block.
class ConsumerSide::MessageDestination {
  public:
    MessageDestination(ConsumerSide& side, Message& message, bool in_place = false)
        : side_(side), message_(message), in_place_(in_place) {}

    [[nodiscard]] const char* operation() const noexcept { return "get"; }
    [[nodiscard]] const TakenItem& item() const noexcept { return item_; }
    [[nodiscard]] std::size_t taken() const noexcept { return 1; }
    [[nodiscard]] bool wants_more() const noexcept { return false; }

    void prepare() {
        if (side_.memory_.joinable) book_ = &side_.queue_.leases().book_with_room(1);
    }
    [[nodiscard]] Took take(HoldsHead lock, shm::Actor me, bool may_wait) {
        return side_.take_one(lock, me, may_wait, in_place_, message_, item_);
    }
    void complete(shm::Actor me) {
        if (in_place_ && item_.head.is(kOutside)) {
            message_.set_format(static_cast<Format>(item_.head.format));
        } else {
            side_.complete(item_, message_, me);
        }
        if (book_ == nullptr) return;
        message_.set_ticket(side_.queue_.leases().ticket_of(item_.at, item_.deliveries));
        book_->add(message_.ticket());
    }

  private:
    ConsumerSide& side_;
    Message& message_;
    const bool in_place_;
    LeaseBook* book_ = nullptr;
    TakenItem item_;
};

/// Items of any kind in a batch: a run of those that lie in the log in one critical section, others
/// one by one.
class ConsumerSide::BatchDestination {
  public:
    BatchDestination(ConsumerSide& side, Batch& batch, std::size_t most)
        : side_(side), batch_(batch), filler_(batch), most_(most) {}

    [[nodiscard]] const char* operation() const noexcept { return "get_many"; }
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    /// An item that was delivered before is taken alone.
    [[nodiscard]] bool wants_more() const noexcept { return batch_.size() < most_ && !is_alone_; }

    void prepare() {
        const Room about = side_.waiting_hint(most_ - batch_.size());
        filler_.reserve(about.items, about.bytes);
        if (side_.memory_.joinable) book_ = &side_.queue_.leases().book_with_room(about.items);
        if (needs_single_ && single_ == nullptr) {
            single_ = std::make_unique<Message>();
            filler_.reserve_large();
        }
    }

    [[nodiscard]] Took take(HoldsHead lock, shm::Actor me, bool may_wait) {
        is_single_ = false;
        if (side_.has_returned(lock)) {
            return batch_.empty() ? take_single(lock, me, may_wait) : Took::nothing;
        }
        Front front;
        if (!side_.front(lock, front, me)) return Took::nothing;
        const RecordRun run = side_.memory_.head.front_run(
            lock, front, [&](Position at, RecordHead head, std::byte* record) {
                return batch_.size() < most_ && add(lock, at, head, record, me);
            });
        if (run.records == 0) return take_single(lock, me, may_wait);
        if (book_ == nullptr) filler_.fetch();
        side_.memory_.head.advance(lock, run);
        taken_ = run.records;
        return Took::some;
    }

    void complete(shm::Actor me) {
        if (is_single_) {
            complete_single(me);
        } else if (book_ != nullptr) {
            const auto fresh = filler_.fetch();
            PROCESSION_STEP("get_many.copied");
            for (const MessageView& item : fresh) book_->add(item.ticket);
        }
    }

  private:
    // Takes an item of the log. Its bytes stay until the run is committed, those of a leased one
    // longer.
    [[nodiscard]] bool add(HoldsHead lock, Position at, RecordHead head, std::byte* record,
                           shm::Actor me) {
        if (!filler_.has_room(head.length)) return false;
        Ticket ticket;
        if (book_ != nullptr) {
            side_.memory_.leases.hand_out(lock, record, me.slot);
            ticket = side_.queue_.leases().ticket_of(at, 1);
        }
        const std::byte* payload = record + side_.memory_.records.layout().payload_at();
        filler_.add({static_cast<Format>(head.format), {payload, head.length}, ticket});
        return true;
    }
    // One that lies in a block, or waits again, gets a message of its own.
    [[nodiscard]] Took take_single(HoldsHead lock, shm::Actor me, bool may_wait) {
        needs_single_ = true;
        if (single_ == nullptr) return Took::needs_memory;
        is_single_ = true;
        taken_ = 1;
        return side_.take_one(lock, me, may_wait, false, *single_, item_);
    }
    void complete_single(shm::Actor me) {
        side_.complete(item_, *single_, me);
        if (book_ != nullptr) {
            single_->set_ticket(side_.queue_.leases().ticket_of(item_.at, item_.deliveries));
            book_->add(single_->ticket());
        }
        is_alone_ = item_.deliveries > 1;
        filler_.adopt(std::move(single_));
        needs_single_ = false;
    }

    ConsumerSide& side_;
    Batch& batch_;
    BatchFiller filler_;
    const std::size_t most_;
    LeaseBook* book_ = nullptr;
    std::unique_ptr<Message> single_;
    TakenItem item_;
    std::size_t taken_ = 0;
    bool needs_single_ = false;
    bool is_single_ = false;
    bool is_alone_ = false;
};

/// Raw items of one size of a plain queue, one behind the other.
class ConsumerSide::SpanDestination {
  public:
    SpanDestination(ConsumerSide& side, std::span<std::byte> destination, std::size_t each,
                    std::size_t& got)
        : side_(side), destination_(destination), each_(each), got_(got) {}

    [[nodiscard]] const char* operation() const noexcept { return "get_many"; }
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    [[nodiscard]] bool wants_more() const noexcept {
        return (got_ + 1) * each_ <= destination_.size();
    }
    void prepare() noexcept {}
    [[nodiscard]] Took take(HoldsHead lock, shm::Actor me, bool /*may_wait*/) {
        Front front;
        if (!side_.front(lock, front, me)) return Took::nothing;
        const RecordRun run = side_.memory_.head.front_run(
            lock, front,
            [&](Position, RecordHead head, std::byte* record) { return add(head, record); });
        if (run.records == 0) return Took::other;
        side_.memory_.head.advance(lock, run);
        taken_ = run.records;
        return Took::some;
    }
    void complete(shm::Actor /*me*/) noexcept {}

  private:
    [[nodiscard]] bool add(RecordHead head, const std::byte* record) noexcept {
        const bool fits = head.length == each_ &&
                          head.format == static_cast<std::uint8_t>(Format::raw) && wants_more();
        if (!fits) return false;
        std::memcpy(destination_.data() + got_ * each_,
                    record + side_.memory_.records.layout().payload_at(), each_);
        ++got_;
        return true;
    }

    ConsumerSide& side_;
    std::span<std::byte> destination_;
    const std::size_t each_;
    std::size_t& got_;
    std::size_t taken_ = 0;
};

}  // namespace procession::inline v0::detail::queue
