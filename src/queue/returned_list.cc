// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/returned_list.h"

#include <algorithm>
#include <bit>
#include <ranges>

#include "base/step.h"
#include "shm/corrupt.h"
#include "shm/memory_orders.h"

namespace procession::inline v0::detail::queue {

using shm::kOrdered;
using shm::require;

std::atomic<std::uint64_t>& ReturnedList::link_of(Position at) const {
    RecordHead head;
    return link_word(records_.record_at(at, head));
}

/// One run from its first item on.
class ReturnedList::Walk {
  public:
    Walk(const ReturnedList& list, Position first)
        : list_(list), at_(first), sequence_(list.sequence_of(first)) {}

    [[nodiscard]] bool is_over() const noexcept { return is_over_; }
    [[nodiscard]] Position at() const noexcept { return at_; }
    [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
    void go_on() {
        const std::uint64_t next = list_.link_of(at_).load();
        is_over_ = next == 0;
        if (is_over_) return;
        at_ = Position::unpack(next);
        const std::uint64_t before = sequence_;
        sequence_ = list_.sequence_of(at_);
        // So it has an end.
        require(sequence_ > before, "the list of returned items is out of order");
    }

  private:
    const ReturnedList& list_;
    Position at_;
    std::uint64_t sequence_;
    bool is_over_ = false;
};

ReturnedList::Run ReturnedList::run(std::uint32_t number) const {
    const ReturnedRun& stored = state_.runs[number];
    return {Position::unpack(stored.first.load()), Position::unpack(stored.last.load())};
}

void ReturnedList::store(std::uint32_t number, const Run& run) {
    state_.runs[number].first.store(run.first.pack(), kOrdered);
    state_.runs[number].last.store(run.last.pack(), kOrdered);
    state_.used.store(state_.used.load() | std::uint64_t{1} << number, kOrdered);
    PROCESSION_STEP("returned.stored");
}

void ReturnedList::clear(std::uint32_t number) {
    state_.used.store(state_.used.load() & ~(std::uint64_t{1} << number), kOrdered);
    PROCESSION_STEP("returned.cleared");
}

ReturnedList::Run ReturnedList::join(const Run& front, const Run& back) const {
    link_of(front.last).store(back.first.pack(), kOrdered);
    PROCESSION_STEP("returned.joined");
    return {front.first, back.last};
}

ReturnedList::Run ReturnedList::merge(const Run& one, const Run& other) const {
    if (sequence_of(one.last) < sequence_of(other.first)) return join(one, other);
    if (sequence_of(other.last) < sequence_of(one.first)) return join(other, one);
    Walk left(*this, one.first);
    Walk right(*this, other.first);
    Run merged;
    std::atomic<std::uint64_t>* behind = nullptr;  // the link of the last item that was placed
    while (!left.is_over() || !right.is_over()) {
        const bool take_left =
            right.is_over() || (!left.is_over() && left.sequence() < right.sequence());
        require(left.sequence() != right.sequence(), "an item is returned twice");
        Walk& next = take_left ? left : right;
        merged.last = next.at();
        auto& link = link_of(next.at());
        next.go_on();
        if (behind == nullptr) merged.first = merged.last;
        if (behind != nullptr) behind->store(merged.last.pack(), kOrdered);
        PROCESSION_STEP("returned.merged");
        behind = &link;
    }
    behind->store(0, kOrdered);
    PROCESSION_STEP("returned.ended");
    return merged;
}

void ReturnedList::add(HoldsHead /*lock*/, Position at) {
    link_of(at).store(0, kOrdered);
    PROCESSION_STEP("returned.linked");
    Run carried{at, at};
    std::uint32_t number = 0;
    for (; uses(number); ++number) {
        carried = merge(run(number), carried);
        clear(number);
        require(number + 1 < ReturnedState::kRuns, "more items are returned than there can be");
    }
    store(number, carried);
    const std::uint64_t first = state_.first.load();
    if (first == 0 || sequence_of(at) < sequence_of(Position::unpack(first))) {
        state_.first.store(at.pack(), kOrdered);
    }
    PROCESSION_STEP("returned.headed");
}

void ReturnedList::remove_first(HoldsHead /*lock*/, Position at) {
    std::uint64_t first = 0;
    std::uint64_t first_sequence = 0;
    bool is_found = false;
    for (std::uint64_t left = state_.used.load(); left != 0; left &= left - 1) {
        const auto number = static_cast<std::uint32_t>(std::countr_zero(left));
        require(number < ReturnedState::kRuns, "there is no such run of returned items");
        Walk walk(*this, run(number).first);
        if (walk.at() == at) {
            is_found = true;
            walk.go_on();
            if (walk.is_over()) {
                clear(number);
                continue;
            }
            state_.runs[number].first.store(walk.at().pack(), kOrdered);
            PROCESSION_STEP("returned.removed");
        }
        if (first != 0 && first_sequence < walk.sequence()) continue;
        first = walk.at().pack();
        first_sequence = walk.sequence();
    }
    require(is_found, "the oldest returned item is in no list");
    state_.first.store(first, kOrdered);
    PROCESSION_STEP("returned.next");
}

void ReturnedList::rebuild(HoldsHead /*lock*/, const std::vector<Position>& items) {
    state_.used.store(0, kOrdered);
    PROCESSION_STEP("returned.rebuild.emptied");
    std::uint64_t next = 0;
    for (const Position item : std::ranges::reverse_view(items)) {
        link_of(item).store(next, kOrdered);
        next = item.pack();
        PROCESSION_STEP("returned.rebuild.linked");
    }
    if (!items.empty()) {
        const auto number = static_cast<std::uint32_t>(std::bit_width(items.size()));
        require(number < ReturnedState::kRuns, "more items are returned than there can be");
        store(number, {items.front(), items.back()});
    }
    state_.first.store(next, kOrdered);
    PROCESSION_STEP("returned.rebuild.headed");
    state_.count.store(items.size(), kOrdered);
    PROCESSION_STEP("returned.rebuild.counted");
}

void ReturnedList::audit(HoldsHead /*lock*/) const {
    const std::uint64_t count = state_.count.load();
    std::uint64_t found = 0;
    std::uint64_t oldest = 0;
    std::uint64_t oldest_sequence = 0;
    for (std::uint64_t left = state_.used.load(); left != 0; left &= left - 1) {
        const auto number = static_cast<std::uint32_t>(std::countr_zero(left));
        require(number < ReturnedState::kRuns, "there is no such run of returned items");
        const Run whole = run(number);
        Position last = whole.first;
        for (Walk walk(*this, whole.first); !walk.is_over(); walk.go_on()) {
            require(found++ < count, "more items are in the list of returned ones than counted");
            RecordHead head;
            std::byte* record = records_.record_at(walk.at(), head);
            const auto lease = lease_word(record).load();
            require(LeaseWord::unpack(lease).state == LeaseState::returned,
                    "the list of returned items names another item");
            if (oldest == 0 || walk.sequence() < oldest_sequence) {
                oldest = walk.at().pack();
                oldest_sequence = walk.sequence();
            }
            last = walk.at();
        }
        require(last == whole.last, "a run of returned items ends elsewhere");
    }
    require(found == count, "fewer items are in the list of returned ones than counted");
    require(oldest == state_.first.load(), "the list of returned items begins elsewhere");
}

}  // namespace procession::inline v0::detail::queue
