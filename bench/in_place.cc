// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <span>
#include <stdexcept>

#include "contestants.h"
#include "item.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"

namespace procession::bench {

namespace {

/// Loans an array, writes its ends, publishes it; borrows it and reads its ends. `Arrays` is
/// Queue<std::uint64_t[]> or JoinableQueue<std::uint64_t[]>.
template <class Arrays>
class InPlaceContestant : public Contestant {
  public:
    static constexpr bool joinable = std::is_same_v<Arrays, JoinableQueue<std::uint64_t[]>>;

    explicit InPlaceContestant(const Case& which)
        : words_(which.bytes / 8), queue_(which.capacity) {}

    [[nodiscard]] std::string name() const override {
        return joinable ? "JoinableQueue, in place" : "Queue, in place";
    }
    void prepare(const Seat& /*seat*/) override { static_cast<void>(queue_.qsize()); }
    void put(std::uint64_t number) override {
        auto loan = queue_.loan(words_);
        fill(loan.span().first(1), number);
        loan[words_ - 1] = loan[0];
        loan.publish();
    }
    std::uint64_t take() override {
        auto taken = queue_.borrow();
        if constexpr (joinable) {
            const std::uint64_t sum = checksum_of_ends(taken->span());
            taken.done();
            return sum;
        } else {
            return checksum_of_ends(taken.span());
        }
    }

  private:
    [[nodiscard]] std::uint64_t checksum_of_ends(std::span<const std::uint64_t> words) const {
        if (words.size() != words_ || words.front() != words.back()) {
            throw std::runtime_error("a borrowed array is not the one that was published");
        }
        return checksum(words.first(1));
    }

    std::size_t words_;
    Arrays queue_;
};

}  // namespace

Contestants make_in_place(const Case& which) {
    Contestants all;
    all.push_back(std::make_unique<InPlaceContestant<Queue<std::uint64_t[]>>>(which));
    all.push_back(std::make_unique<InPlaceContestant<JoinableQueue<std::uint64_t[]>>>(which));
    return all;
}

}  // namespace procession::bench
