// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "queue/core_impl.h"

namespace procession::queue {

namespace {

// Limits of one critical section, since others wait, and of the memory that is kept for it.
constexpr std::uint64_t kRunItemsMax = 4096;
constexpr std::uint64_t kRunBytesMax = kChunkBytes;

}  // namespace

/// Takes items of any kind into a batch.
class Core::BatchSink {
  public:
    BatchSink(Core& core, Batch& batch) : core_(core), batch_(batch) {}

    [[nodiscard]] std::size_t size() const noexcept { return batch_.size(); }
    /// Under no lock: takes memory, so that no taken item can be lost for want of it.
    void reserve(const Room& about) {
        batch_.reserve(about.items, about.bytes);
        if (core_.joinable_) book_ = &core_.book_with_room(about.items);
    }
    /// Takes an item of the log. Its bytes stay until the run is committed, those of a leased one
    /// longer.
    [[nodiscard]] bool take(Position at, RecordHead head, std::byte* record, Actor me) {
        if (!batch_.has_room(head.length)) return false;
        Ticket ticket;
        if (core_.joinable_) {
            RecordLog::lease_word(record).store(LeaseWord{LeaseState::held, me.slot, 1}.pack(),
                                                std::memory_order_release);
            PROCESSION_STEP("get_many.leased");
            ticket = core_.ticket_of(at, 1);
        }
        const std::byte* payload = record + core_.log_.shape().payload_at();
        batch_.add({static_cast<Format>(head.format), {payload, head.length}, ticket});
        return true;
    }
    void before_commit() noexcept {
        if (!core_.joinable_) batch_.fetch();
    }
    /// Under no lock.
    void after_commit() noexcept {
        if (!core_.joinable_) return;
        const auto fresh = batch_.fetch();
        PROCESSION_STEP("get_many.copied");
        for (const MessageView& item : fresh) book_->add(item.ticket);
    }
    /// Under no lock: takes an item that lies elsewhere. Times out when another consumer has taken
    /// it.
    [[nodiscard]] Outcome take_other() { return take_one(Deadline::now(), true); }
    /// Under no lock: takes the item that waits again, or another one that is the first by then.
    [[nodiscard]] Outcome take_returned(Deadline deadline) { return take_one(deadline, false); }
    /// Whether it has an item that must be taken alone.
    [[nodiscard]] bool is_alone() const noexcept { return is_alone_; }

  private:
    [[nodiscard]] Outcome take_one(Deadline deadline, bool only_fresh) {
        auto message = std::make_unique<Message>();
        batch_.reserve_large();
        const Outcome outcome = core_.get_within(*message, deadline, only_fresh);
        if (outcome != Outcome::done) return outcome;
        is_alone_ = message->ticket().deliveries > 1;
        batch_.adopt(std::move(message));
        return outcome;
    }

    Core& core_;
    Batch& batch_;
    LeaseBook* book_ = nullptr;
    bool is_alone_ = false;
};

/// Takes raw items of one size straight to their places.
class Core::PlacesSink {
  public:
    PlacesSink(std::span<std::byte> places, std::size_t each, std::uint32_t payload_at)
        : places_(places), each_(each), payload_at_(payload_at) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    void reserve(const Room& /*about*/) noexcept {}
    [[nodiscard]] bool take(Position /*at*/, RecordHead head, std::byte* record,
                            Actor /*me*/) noexcept {
        const bool fits = head.length == each_ &&
                          head.format == static_cast<std::uint8_t>(Format::raw) &&
                          (size_ + 1) * each_ <= places_.size();
        if (!fits) return false;
        std::memcpy(places_.data() + size_ * each_, record + payload_at_, each_);
        ++size_;
        return true;
    }
    void before_commit() noexcept {}
    void after_commit() noexcept {}
    /// Left to the caller.
    [[nodiscard]] Outcome take_other() noexcept { return Outcome::done; }
    /// A plain queue has none.
    [[nodiscard]] Outcome take_returned(Deadline /*deadline*/) noexcept { return Outcome::done; }
    [[nodiscard]] bool is_alone() const noexcept { return false; }

  private:
    std::span<std::byte> places_;
    std::size_t each_;
    std::uint32_t payload_at_;
    std::size_t size_ = 0;
};

// Never below 0, though consumers may have taken items that their producer has not counted yet.
std::uint64_t Core::about_in_log() const noexcept {
    const std::uint64_t taken = state_.head.count.load(std::memory_order_relaxed);
    return known_put() - taken;
}

// Roughly what waits, at most `most` items: only a hint how much memory to have ready.
Room Core::about_waiting(std::size_t most) const noexcept {
    const std::uint64_t items = about_in_log();
    // relaxed: any numbers will do
    constexpr auto any = std::memory_order_relaxed;
    const std::uint64_t bytes = state_.tail.bytes.load(any) - state_.head.bytes.load(any);
    Room about;
    about.items = std::clamp<std::uint64_t>(items, 1, std::min<std::uint64_t>(most, kRunItemsMax));
    const std::uint64_t each = bytes / std::max<std::uint64_t>(items, 1) + 8;
    // One item that lies in the log always fits.
    about.bytes = std::min(each, kRunBytesMax) * about.items + RecordLayout::kInlineMax;
    about.bytes = std::min(about.bytes, kRunBytesMax);
    return about;
}

std::size_t Core::about_waiting() {
    return guarded("get_many", [&] {
        return std::clamp<std::uint64_t>(about_in_log(), 1, pool_.records_max());
    });
}

// One critical section: takes the items that lie in the first chunk of the log.
template <class Sink>
Section Core::take_section(Sink& sink, std::size_t most, Actor me) {
    sink.reserve(about_waiting(most - sink.size()));
    if (!try_acquire(state_.head_lock, me, "get_many")) return Section::late;
    Run run;
    {
        const Lock lock(state_.head_lock);
        if (drops_items()) return Section::shut_down;
        settle_head(me);
        // relaxed: written by the holder of the lock only
        const bool again = joinable_ && state_.returned.first.load(std::memory_order_relaxed) != 0;
        if (again) return Section::returned;
        Front front;
        const bool there = log_.front(
            front, [&](std::uint32_t chunk, std::uint64_t first) { retire(chunk, first, me); });
        if (!there) return Section::empty;
        run = log_.front_run(front, [&](Position at, RecordHead head, std::byte* record) {
            return sink.size() < most && sink.take(at, head, record, me);
        });
        if (run.records == 0) return Section::other;
        sink.before_commit();
        log_.advance(run);
    }
    ring_for_space(run.records);
    sink.after_commit();
    return Section::took;
}

// The first items are in hand: from here on nothing may fail.
template <class Sink>
void Core::take_the_rest(Sink& sink, std::size_t most, Actor me) {
    try {
        while (sink.size() < most && shows_an_item()) {
            const std::size_t before = sink.size();
            const Section section = take_section(sink, most, me);
            const bool goes_on = section == Section::took ||
                                 (section == Section::other && sink.take_other() == Outcome::done);
            if (!goes_on || sink.size() == before) return;
        }
    } catch (const shm::Corrupt&) {
        throw;
    } catch (const CorruptSegment&) {
        throw;
    } catch (const std::exception&) {
        return;  // out of memory, or behind a stopped participant: the caller has the others
    }
}

template <class Sink>
Outcome Core::take_many(Sink& sink, std::size_t most, Deadline deadline) {
    return guarded("get_many", [&] {
        const Actor me = self(deadline);
        pay_owed_error();
        write_waiting_letters(me.slot);
        Baton baton(*this, &Core::pass_on_items);
        if (may_wait_at_once(deadline) && wait_for_items(deadline) != Outcome::done) {
            return Outcome::timed_out;
        }
        for (;;) {
            // Read before the look at the items, so that each item put before the shutdown is seen
            // below.
            const bool shut = state_.shutdown.load(std::memory_order_acquire) != kOpen;
            Section section = take_section(sink, most, me);
            if (section == Section::returned) {
                const Outcome outcome = sink.take_returned(deadline);
                if (outcome != Outcome::done) return outcome;
                section = Section::took;
            }
            if (section == Section::other) {
                const Outcome other = sink.take_other();
                if (other == Outcome::shut_down) return other;
                if (other == Outcome::done && sink.size() == 0) return other;
                section = other == Outcome::done ? Section::took : Section::empty;
            }
            if (section == Section::took) {
                baton.use();
                if (!sink.is_alone()) take_the_rest(sink, most, {me.slot, Deadline(me.patience)});
                return Outcome::done;
            }
            if (section == Section::shut_down) return Outcome::shut_down;
            if (section == Section::late) return Outcome::timed_out;
            if (shut) return Outcome::shut_down;
            if (wait_for_items(deadline) != Outcome::done) return Outcome::timed_out;
        }
    });
}

Outcome Core::get_many(Batch& batch, std::size_t most, Deadline deadline) {
    batch.clear();
    if (most == 0) return Outcome::done;
    BatchSink sink(*this, batch);
    return take_many(sink, most, deadline);
}

Outcome Core::get_many_raw(std::span<std::byte> places, std::size_t each, std::size_t& got,
                           Deadline deadline) {
    got = 0;
    if (places.size() < each) return Outcome::done;
    PlacesSink sink(places, each, log_.shape().payload_at());
    const Outcome outcome = take_many(sink, places.size() / each, deadline);
    got = sink.size();
    return outcome;
}

}  // namespace procession::queue
