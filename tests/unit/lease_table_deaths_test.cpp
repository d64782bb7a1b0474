// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "procession/dead_letter.h"
#include "procession/detail/codec/format.h"
#include "procession/detail/message.h"
#include "procession/queue_options.h"
#include "queue/dead_letters.h"
#include "queue/lease_table.h"
#include "queue/record.h"
#include "queue/records.h"
#include "shm/block_pool.h"
#include "unit/queue_parts.h"

// What is left of a lease table at each step, as another process finds it, which completes it or
// forgets it. That process may die as well, and the next one does the same.

namespace procession::inline v0::detail::queue {
namespace {

using shm::BlockState;
using testing::chunk_of;
using testing::Death;
using testing::deaths_in;
using testing::kHasSteps;
using testing::kMine;
using testing::QueueParts;
using testing::watch_steps;
using Finished = LeaseTable::Finished;

class DeathsInALeaseTable : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!kHasSteps) GTEST_SKIP() << "this build has no steps";
    }

    static bool is_chunk(QueueParts& parts, std::uint32_t unit) {
        return parts.pool().block(unit).state == BlockState::chunk;
    }
    static void expect_sound(QueueParts& parts) {
        EXPECT_FALSE(parts.leases().is_finishing(kMine));
        EXPECT_FALSE(parts.leases().is_list_torn());
        EXPECT_FALSE(parts.state().memory_intent.is_open());
        EXPECT_NO_THROW(parts.leases().audit_returned(parts.head()));
        EXPECT_NO_THROW(parts.leases().audit_finished(parts.head(), parts.memory()));
    }
    /// check() after each death in act(), once repaired, and after each death in that repair.
    static void each_death(QueueParts& parts, const std::function<void()>& act,
                           const std::function<void(QueueParts&)>& check,
                           QueueKind kind = QueueKind::joinable) {
        auto deaths = deaths_in(parts, act, kind);
        ASSERT_GT(deaths.size(), 2U);
        for (Death& death : deaths) {
            SCOPED_TRACE(death.step);
            QueueParts& left = *death.left;
            for (Death& second : deaths_in(left, [&] { left.recover(kMine); }, kind)) {
                SCOPED_TRACE("and the repairer at " + second.step);
                second.left->recover(kMine);
                expect_sound(*second.left);
                check(*second.left);
            }
            for (const char* time : {"once", "twice"}) {
                SCOPED_TRACE(time);
                left.recover(kMine);
                expect_sound(left);
                check(left);
            }
        }
    }
};

TEST_F(DeathsInALeaseTable, count_an_item_that_ends_in_the_usual_way_once_or_not_at_all) {
    QueueParts parts;
    parts.put();
    parts.put();
    ASSERT_EQ(parts.leases().try_finish_fast(parts.take(kMine), kMine), Finished::done);
    const Ticket ticket = parts.take(kMine);
    std::set<bool> seen;
    each_death(
        parts, [&] { static_cast<void>(parts.leases().try_finish_fast(ticket, kMine)); },
        [&](QueueParts& left) {
            const bool is_finished = left.is_finished(ticket);
            EXPECT_EQ(left.leases().finished(), is_finished ? 2U : 1U);
            EXPECT_EQ(left.leases().is_open(ticket, kMine), !is_finished);
            seen.insert(is_finished);
        });
    EXPECT_EQ(seen.size(), 2U);
}

// Of a large item, the last one of its chunk: all follows that can follow.
TEST_F(DeathsInALeaseTable, give_back_payload_and_chunk_with_the_item_or_neither) {
    QueueParts parts;
    parts.put_outside(3);
    while (parts.put(QueueParts::kLong).chunk == 0) continue;
    const Ticket ticket = parts.take(kMine);
    for (Ticket next = parts.take(kMine); chunk_of(next) == 0; next = parts.take(kMine)) {
        ASSERT_EQ(parts.leases().try_finish_fast(next, kMine), Finished::done);
    }
    const std::uint64_t before = parts.leases().finished();
    const std::uint32_t used = parts.pool().units_used();
    std::set<bool> seen;
    each_death(
        parts, [&] { parts.finish(ticket); },
        [&](QueueParts& left) {
            const bool is_finished = left.is_finished(ticket);
            EXPECT_EQ(left.leases().finished(), before + (is_finished ? 1 : 0));
            EXPECT_EQ(left.pool().units_used(), used - (is_finished ? 3 + kChunkUnits : 0));
            EXPECT_EQ(is_chunk(left, 0), !is_finished);
            seen.insert(is_finished);
        });
    EXPECT_EQ(seen.size(), 2U);
}

TEST_F(DeathsInALeaseTable, keep_a_dead_letter_exactly_when_its_item_is_finished) {
    QueueParts parts;
    parts.put();
    const Ticket ticket = parts.take(kMine);
    const std::uint32_t block = parts.block(1, kMine);
    parts.letters().write(block, {Format::raw, {}, 1, "no"});
    const auto at = Position::unpack(ticket.position);
    std::set<bool> seen;
    each_death(
        parts,
        [&] {
            parts.leases().finish_as_dead_letter(parts.memory(), at, parts.record_at(at), block);
        },
        [&](QueueParts& left) {
            const std::uint64_t count = left.is_finished(ticket) ? 1 : 0;
            EXPECT_EQ(left.leases().finished(), count);
            EXPECT_EQ(left.state().dead_lettered.load(), count);
            const auto letters = left.letters().read_all(left.memory(), false);
            ASSERT_EQ(letters.size(), count);
            for (const DeadLetter& each : letters) EXPECT_EQ(each.number, 1U);
            seen.insert(count == 1);
        });
    EXPECT_EQ(seen.size(), 2U);
}

TEST_F(DeathsInALeaseTable, count_the_lost_bytes_of_a_plain_queue_exactly_when_they_are_kept) {
    QueueParts parts(QueueKind::plain);
    const std::uint32_t block = parts.block(1, kMine);
    parts.letters().write(block, {Format::raw, {}, 1, "no int"});
    std::set<std::uint64_t> seen;
    each_death(
        parts, [&] { parts.leases().keep_lost_bytes(parts.memory(), block); },
        [&](QueueParts& left) {
            const auto letters = left.letters().read_all(left.memory(), false);
            EXPECT_EQ(left.state().dead_lettered.load(), letters.size());
            EXPECT_EQ(left.leases().finished(), 0U);
            seen.insert(letters.size());
        },
        QueueKind::plain);
    EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1}));
}

TEST_F(DeathsInALeaseTable, leave_an_item_that_is_given_back_in_hand_or_in_the_list) {
    QueueParts parts;
    for (int i = 0; i < 6; ++i) parts.put();
    const auto tickets = parts.take_many(6, kMine);
    for (const int i : {4, 0, 5}) parts.give_back(tickets[static_cast<std::size_t>(i)]);
    std::set<bool> seen;
    each_death(
        parts, [&] { parts.give_back(tickets[2]); },
        [&](QueueParts& left) {
            const bool is_returned = left.lease_of(tickets[2]).state == LeaseState::returned;
            EXPECT_EQ(left.leases().is_open(tickets[2], kMine), !is_returned);
            EXPECT_EQ(left.state().returned.count.load(), is_returned ? 4U : 3U);
            seen.insert(is_returned);
        });
    EXPECT_EQ(seen.size(), 2U);
    for (const int i : {0, 2, 4, 5}) {
        EXPECT_EQ(parts.take_returned(kMine).position,
                  tickets[static_cast<std::size_t>(i)].position);
    }
}

TEST_F(DeathsInALeaseTable, count_an_item_that_is_handed_out_again_once_or_not_at_all) {
    QueueParts parts;
    for (int i = 0; i < 5; ++i) parts.put();
    for (const Ticket& each : parts.take_many(5, kMine)) parts.give_back(each);
    parts.take_returned(kMine);
    const auto first = parts.returned().front();
    std::set<bool> seen;
    each_death(
        parts, [&] { parts.take_returned(kMine); },
        [&](QueueParts& left) {
            const bool is_taken = left.lease_of(left.ticket_of(first, 0)).state == LeaseState::held;
            EXPECT_EQ(left.state().redelivered.load(), is_taken ? 2U : 1U);
            EXPECT_EQ(left.state().returned.count.load(), is_taken ? 3U : 4U);
            seen.insert(is_taken);
        });
    EXPECT_EQ(seen.size(), 2U);
}

TEST_F(DeathsInALeaseTable, leave_a_chunk_that_the_next_process_frees_if_all_is_finished) {
    for (const bool all_finished : {true, false}) {
        QueueParts parts;
        for (std::uint32_t i = 0; i < QueueParts::kLongPerChunk; ++i) parts.put(QueueParts::kLong);
        const auto tickets = parts.take_many(QueueParts::kLongPerChunk, kMine);
        for (const Ticket& each : tickets) {
            if (!all_finished && each.position == tickets[7].position) continue;
            ASSERT_EQ(parts.leases().try_finish_fast(each, kMine), Finished::done);
        }
        parts.put(QueueParts::kLong);
        const std::uint32_t used = parts.pool().units_used();
        const auto retire = [](QueueParts& those) { those.leases().retire(those.memory(), 0, 0); };
        each_death(
            parts, [&] { retire(parts); },
            [&](QueueParts& left) {
                retire(left);
                EXPECT_EQ(is_chunk(left, 0), !all_finished);
                EXPECT_EQ(left.pool().units_used(), used - (all_finished ? kChunkUnits : 0));
            });
    }
}

// Not a death but another process: it leaves the chunk at each step of the usual end of the chunk's
// last open lease.
TEST_F(DeathsInALeaseTable,
       do_not_matter_when_another_process_leaves_the_chunk_while_its_last_lease_ends) {
    std::set<Finished> seen;
    for (std::size_t when = 0;; ++when) {
        QueueParts parts;
        for (std::uint32_t i = 0; i < QueueParts::kLongPerChunk; ++i) parts.put(QueueParts::kLong);
        const auto tickets = parts.take_many(QueueParts::kLongPerChunk, kMine);
        for (std::size_t i = 1; i < tickets.size(); ++i) parts.finish(tickets[i]);
        parts.put(QueueParts::kLong);
        std::size_t step = 0;
        std::string name;
        auto outcome = Finished::no;
        watch_steps([&] { outcome = parts.leases().try_finish_fast(tickets[0], kMine); },
                    [&](const char* at) {
                        if (step++ != when) return;
                        name = at;
                        parts.leases().retire(parts.memory(), 0, 0);
                    });
        if (name.empty()) break;
        SCOPED_TRACE(name);
        seen.insert(outcome);
        EXPECT_EQ(parts.leases().is_finishing(kMine), outcome == Finished::in_a_passed_chunk);
        for (int times = 0; times < 2; ++times) {
            parts.leases().settle_finishing(parts.memory(), kMine);
            EXPECT_FALSE(is_chunk(parts, 0));
            EXPECT_EQ(parts.leases().finished(), QueueParts::kLongPerChunk);
            expect_sound(parts);
        }
    }
    EXPECT_EQ(seen, (std::set{Finished::done, Finished::in_a_passed_chunk}));
}

}  // namespace
}  // namespace procession::inline v0::detail::queue
