// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/returned_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <random>
#include <set>
#include <string_view>
#include <vector>

#include "queue/record.h"
#include "queue/records.h"
#include "shm/corrupt.h"
#include "unit/queue_parts.h"

namespace procession::inline v0::detail::queue {
namespace {

using testing::kHasSteps;
using testing::QueueParts;
using testing::watch_steps;

/// A list of items of a log, each of which has been taken and may be given back.
class ReturnedListOfALog : public ::testing::Test {
  protected:
    /// In the order of the log, over several chunks.
    std::vector<Position> items(std::size_t count) {
        std::vector<Position> made;
        for (std::size_t i = 0; i < count; ++i) made.push_back(parts_.put(700));
        parts_.take_many(count, 1);
        return made;
    }
    std::atomic<std::uint64_t>& lease(Position at) { return parts_.records().lease_at(at); }
    std::atomic<std::uint64_t>& link(Position at) { return link_word(parts_.record_at(at)); }

    void add(Position at) {
        list_.add(parts_.head(), at);
        lease(at).store(LeaseWord{LeaseState::returned, 0, 1}.pack());
        ++state_.count;
    }
    void add_all(const std::vector<Position>& items) {
        for (const Position at : items) add(at);
    }
    Position take_first() {
        const auto at = Position::unpack(state_.first.load());
        list_.remove_first(parts_.head(), at);
        lease(at).store(LeaseWord{LeaseState::held, 1, 2}.pack());
        --state_.count;
        return at;
    }
    std::vector<Position> take_all() {
        std::vector<Position> taken;
        while (state_.first.load() != 0) taken.push_back(take_first());
        return taken;
    }
    void audit() { list_.audit(parts_.head()); }
    std::vector<Position> shuffled(std::vector<Position> items) {
        std::shuffle(items.begin(), items.end(), random_);
        return items;
    }
    /// How often a step of this name was passed in act().
    static std::size_t steps_in(const std::function<void()>& act, std::string_view name) {
        std::size_t count = 0;
        watch_steps(act, [&](const char* step) { count += step == name ? 1 : 0; });
        return count;
    }

    QueueParts parts_;
    ReturnedState& state_ = parts_.state().returned;
    ReturnedList list_{state_, parts_.records()};
    std::mt19937 random_{7};
};

TEST_F(ReturnedListOfALog, keeps_the_order_of_the_log) {
    const auto log = items(200);
    add_all(log);
    EXPECT_EQ(take_all(), log);
    add_all({log.rbegin(), log.rend()});
    EXPECT_EQ(take_all(), log) << "given back in the opposite order";
    EXPECT_EQ(state_.used.load(), 0U);
}

TEST_F(ReturnedListOfALog, brings_items_given_back_in_a_tangled_order_into_the_order_of_the_log) {
    const auto log = items(200);
    for (int round = 0; round < 20; ++round) {
        add_all(shuffled(log));
        EXPECT_NO_THROW(audit());
        ASSERT_EQ(take_all(), log);
    }
}

TEST_F(ReturnedListOfALog, always_gives_the_oldest_while_items_come_and_go) {
    const auto log = items(100);
    const auto is_older = [&](Position one, Position other) {
        return list_.sequence_of(one) < list_.sequence_of(other);
    };
    std::set<Position, decltype(is_older)> model(is_older);
    for (int round = 0; round < 5000; ++round) {
        const Position at = log[random_() % log.size()];
        if (random_() % 2 == 0 && model.insert(at).second) {
            add(at);
        } else if (!model.empty()) {
            ASSERT_EQ(take_first(), *model.begin());
            model.erase(model.begin());
        }
        ASSERT_NO_THROW(audit());
        ASSERT_EQ(state_.first.load(), model.empty() ? 0 : model.begin()->pack());
    }
}

TEST_F(ReturnedListOfALog, has_one_run_for_each_bit_of_the_number_of_items) {
    std::uint64_t count = 0;
    for (const Position at : shuffled(items(150))) {
        add(at);
        ASSERT_EQ(state_.used.load(), ++count);
    }
}

TEST_F(ReturnedListOfALog, joins_runs_that_do_not_overlap_without_visiting_their_items) {
    if (!kHasSteps) GTEST_SKIP() << "this build has no steps";
    const auto log = items(128);
    EXPECT_EQ(steps_in([&] { add_all(log); }, "returned.merged"), 0U);
    take_all();
    const std::vector<Position> newest_first(log.rbegin(), log.rend());
    EXPECT_EQ(steps_in([&] { add_all(newest_first); }, "returned.joined"), 127U);
    take_all();
    const std::size_t visited = steps_in([&] { add_all(shuffled(log)); }, "returned.merged");
    EXPECT_GT(visited, 0U);
    EXPECT_LE(visited, 128U * 7U) << "n log n";
}

TEST_F(ReturnedListOfALog, that_is_made_again_is_the_one_that_was_made_item_by_item) {
    const auto log = items(90);
    auto some = shuffled(log);
    some.resize(60);
    add_all(some);
    const auto from_leases = parts_.returned();
    list_.rebuild(parts_.head(), from_leases);
    EXPECT_NO_THROW(audit());
    EXPECT_EQ(state_.count.load(), 60U);
    EXPECT_EQ(std::popcount(state_.used.load()), 1);
    EXPECT_GE(state_.used.load(), 60U) << "run number n has at most 2^n items";
    EXPECT_EQ(take_all(), from_leases);
    add_all(some);
    EXPECT_EQ(take_all(), from_leases);
}

TEST_F(ReturnedListOfALog, that_is_made_again_takes_further_items) {
    const auto log = items(64);
    for (const std::size_t kept : {0U, 1U, 2U, 3U, 4U, 33U, 63U}) {
        SCOPED_TRACE(kept);
        const auto order = shuffled(log);
        add_all({order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept)});
        list_.rebuild(parts_.head(), parts_.returned());
        add_all({order.begin() + static_cast<std::ptrdiff_t>(kept), order.end()});
        EXPECT_NO_THROW(audit());
        EXPECT_EQ(take_all(), log);
    }
}

// ---- what no correct participant writes --------------------------------------------------------

TEST_F(ReturnedListOfALog, refuses_an_item_that_it_has) {
    const auto log = items(2);
    add(log[0]);
    EXPECT_THROW(add(log[0]), shm::Corrupt);
}

TEST_F(ReturnedListOfALog, refuses_to_remove_an_item_that_begins_no_run) {
    const auto log = items(4);
    add_all({log[0], log[1], log[2]});
    EXPECT_THROW(list_.remove_first(parts_.head(), log[1]), shm::Corrupt) << "it is second";
    EXPECT_THROW(list_.remove_first(parts_.head(), log[3]), shm::Corrupt) << "it is in no run";
}

TEST_F(ReturnedListOfALog, refuses_an_item_when_all_its_runs_are_in_use) {
    const auto log = items(ReturnedState::kRuns + 1);
    for (std::uint32_t number = 0; number < ReturnedState::kRuns; ++number) {
        state_.runs[number].first.store(log[number].pack());
        state_.runs[number].last.store(log[number].pack());
    }
    state_.used.store((std::uint64_t{1} << ReturnedState::kRuns) - 1);
    EXPECT_THROW(add(log.back()), shm::Corrupt);
}

TEST_F(ReturnedListOfALog, refuses_a_run_that_it_has_no_room_for) {
    add_all(items(3));
    const auto first = Position::unpack(state_.first.load());
    state_.used.fetch_or(std::uint64_t{1} << ReturnedState::kRuns);
    EXPECT_THROW(audit(), shm::Corrupt);
    EXPECT_THROW(list_.remove_first(parts_.head(), first), shm::Corrupt);
}

TEST_F(ReturnedListOfALog, ends_at_a_link_that_leads_back) {
    const auto log = items(6);
    add_all({log[0], log[2]});  // one run
    link(log[2]).store(log[0].pack());
    EXPECT_THROW(audit(), shm::Corrupt);
    add(log[4]);
    EXPECT_THROW(add(log[1]), shm::Corrupt) << "the runs are merged now";
    list_.remove_first(parts_.head(), log[0]);
    EXPECT_THROW(list_.remove_first(parts_.head(), log[2]), shm::Corrupt);
}

TEST_F(ReturnedListOfALog, follows_no_link_out_of_the_log) {
    const auto log = items(2);
    add_all(log);
    for (const std::uint64_t bad : {Position{0, 63}.pack(), Position{0, kChunkBytes}.pack(),
                                    Position{QueueParts::kUnits, 64}.pack(), ~std::uint64_t{0}}) {
        link(log[0]).store(bad);
        EXPECT_THROW(audit(), shm::Corrupt) << bad;
    }
    link(log[0]).store(log[1].pack());
    EXPECT_NO_THROW(audit());
}

TEST_F(ReturnedListOfALog, that_tells_a_lie_is_found_by_the_audit) {
    const auto log = items(5);
    add_all({log[0], log[1], log[2]});  // a run of two, and one of one
    std::atomic<std::uint64_t>* const words[] = {&state_.count,         &state_.used,
                                                 &state_.first,         &state_.runs[1].last,
                                                 &state_.runs[1].first, &lease(log[1])};
    const std::uint64_t lies[] = {2,
                                  2,
                                  log[1].pack(),
                                  log[0].pack(),
                                  log[1].pack(),
                                  LeaseWord{LeaseState::held, 1, 1}.pack()};
    for (std::size_t i = 0; i < std::size(words); ++i) {
        const std::uint64_t truth = words[i]->exchange(lies[i]);
        EXPECT_THROW(audit(), shm::Corrupt) << "lie " << i;
        words[i]->store(truth);
        ASSERT_NO_THROW(audit());
    }
    state_.count.store(4);
    EXPECT_THROW(audit(), shm::Corrupt) << "one item too few";
}

}  // namespace
}  // namespace procession::inline v0::detail::queue
