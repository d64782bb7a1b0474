// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "procession/detail/message.h"
#include "queue/lease_book.h"
#include "queue/lease_books.h"
#include "queue/suspects.h"

// What a process remembers of the leases that it has open: the books of its threads, and the items
// that may have killed their last consumer.

namespace procession::inline v0::detail::queue {
namespace {

/// The leases themselves: which are open.
class OpenLeases : public ::testing::Test {
  protected:
    Ticket open(std::uint64_t position) {
        open_.insert(position);
        return {position, 0, 1, 0};
    }
    void end(std::uint64_t position) { open_.erase(position); }
    auto is_open() {
        return [this](const Ticket& ticket) {
            ++looks_;
            return open_.contains(ticket.position);
        };
    }
    void take(LeaseBook& book, std::uint64_t position) {
        book.reserve(1, is_open());
        book.add(open(position));
    }
    void detach(LeaseBook& book, std::uint64_t position) {
        book.detach({position, 0, 1, 0}, is_open());
    }
    /// What task_done() of the book's thread ends; 0 when there is nothing.
    std::uint64_t task_done(LeaseBook& book) {
        const std::optional<Ticket> oldest = book.take_oldest(is_open());
        if (!oldest) return 0;
        end(oldest->position);
        return oldest->position;
    }
    std::vector<std::uint64_t> all_done(LeaseBook& book) {
        std::vector<std::uint64_t> ended;
        for (auto each = task_done(book); each != 0; each = task_done(book)) ended.push_back(each);
        return ended;
    }

    using Order = std::vector<std::uint64_t>;
    std::set<std::uint64_t> open_;
    std::size_t looks_ = 0;
    LeaseBook book_;
};

TEST_F(OpenLeases, are_ended_by_task_done_oldest_first) {
    for (const std::uint64_t each : {30U, 10U, 20U}) take(book_, each);
    EXPECT_EQ(task_done(book_), 30U);
    take(book_, 5);
    EXPECT_EQ(all_done(book_), (Order{10, 20, 5}));
    EXPECT_EQ(task_done(book_), 0U);
}

TEST_F(OpenLeases, that_have_ended_in_another_way_are_passed_over) {
    for (std::uint64_t each = 1; each <= 6; ++each) take(book_, each);
    for (const std::uint64_t each : {1U, 3U, 6U}) end(each);
    EXPECT_EQ(all_done(book_), (Order{2, 4, 5}));
}

TEST_F(OpenLeases, of_each_thread_are_in_a_book_of_its_own) {
    LeaseBook other;
    take(book_, 1);
    take(other, 2);
    take(book_, 3);
    EXPECT_EQ(all_done(other), (Order{2}));
    EXPECT_EQ(all_done(book_), (Order{1, 3}));
}

TEST_F(OpenLeases, that_were_detached_are_ended_first_in_the_order_of_detaching) {
    for (std::uint64_t each = 1; each <= 4; ++each) take(book_, each);
    detach(book_, 3);
    detach(book_, 2);
    EXPECT_EQ(all_done(book_), (Order{3, 2, 1, 4})) << "and each of them once";
}

TEST_F(OpenLeases, that_were_detached_and_have_ended_are_passed_over) {
    for (std::uint64_t each = 1; each <= 5; ++each) take(book_, each);
    detach(book_, 3);
    detach(book_, 4);
    detach(book_, 5);
    end(3);
    end(5);
    detach(book_, 2);
    EXPECT_EQ(all_done(book_), (Order{4, 2, 1}));
}

TEST_F(OpenLeases, that_another_thread_detaches_are_ended_by_that_thread) {
    LeaseBook other;
    take(book_, 1);
    take(book_, 2);
    take(other, 3);
    detach(other, 1);  // its Lease object was moved there
    EXPECT_EQ(task_done(other), 1U);
    EXPECT_EQ(all_done(book_), (Order{2}));
    EXPECT_EQ(all_done(other), (Order{3}));
}

TEST_F(OpenLeases, are_forgotten_only_where_they_are_the_newest) {
    for (std::uint64_t each = 1; each <= 3; ++each) take(book_, each);
    book_.forget({1, 0, 1, 0});
    book_.forget({7, 0, 1, 0});
    EXPECT_EQ(task_done(book_), 1U);
    book_.forget({3, 0, 1, 0});
    take(book_, 4);
    EXPECT_EQ(all_done(book_), (Order{2, 4})) << "3 was forgotten, though it is open";
    book_.forget({4, 0, 1, 0});
    take(book_, 5);
    EXPECT_EQ(all_done(book_), (Order{5}));
}

TEST_F(OpenLeases, keep_their_order_when_ended_ones_are_thrown_out) {
    Order left;
    for (std::uint64_t each = 1; each <= 5000; ++each) {
        take(book_, each);
        if (each % 50 != 0) end(each);
        if (each % 50 == 0) left.push_back(each);
        if (each == 2500) {
            EXPECT_EQ(task_done(book_), 50U);
            left.erase(left.begin());
        }
    }
    EXPECT_EQ(all_done(book_), left);
}

TEST_F(OpenLeases, are_looked_at_a_few_times_each_however_many_are_taken) {
    constexpr std::size_t count = 20'000;
    for (std::uint64_t each = 1; each <= count; ++each) {
        take(book_, each);
        if (each > 1000) end(each - 1000);  // so that many are open all the time
    }
    EXPECT_LE(looks_, 3 * count);
}

// ---- the books of a thread ---------------------------------------------------------------------

TEST_F(OpenLeases, of_several_queues_are_in_several_books) {
    LeaseBooks one;
    LeaseBooks other;
    take(one.of_this_thread(), 1);
    take(other.of_this_thread(), 2);
    take(one.of_this_thread(), 3);
    EXPECT_EQ(one.last_of_this_thread(), &one.of_this_thread());
    EXPECT_EQ(other.last_of_this_thread(), nullptr) << "this thread used another one last";
    EXPECT_EQ(all_done(other.of_this_thread()), (Order{2}));
    EXPECT_EQ(all_done(one.of_this_thread()), (Order{1, 3}));
}

TEST_F(OpenLeases, of_a_queue_that_stays_outlive_the_books_of_many_that_go) {
    LeaseBooks stays;
    take(stays.of_this_thread(), 1);
    const LeaseBook* const book = &stays.of_this_thread();
    for (int i = 0; i < 200; ++i) {
        const auto goes = std::make_unique<LeaseBooks>();
        EXPECT_EQ(goes->last_of_this_thread(), nullptr);
        ASSERT_EQ(task_done(goes->of_this_thread()), 0U) << "a new queue's book has no leases";
        take(goes->of_this_thread(), 2);
    }
    EXPECT_EQ(&stays.of_this_thread(), book);
    EXPECT_EQ(all_done(stays.of_this_thread()), (Order{1}));
}

// ---- suspects ----------------------------------------------------------------------------------

/// Adds them in a thread that has ended when this returns: a suspect is not its thread's lease.
void add_elsewhere(Suspects& suspects, const std::vector<Ticket>& tickets) {
    std::thread([&] {
        for (const Ticket& each : tickets) suspects.add(each);
    }).join();
}

TEST_F(OpenLeases, that_are_suspect_hold_back_all_threads_but_the_one_that_has_them) {
    Suspects suspects;
    EXPECT_FALSE(suspects.others_hold_one(is_open()));
    suspects.add(open(1));
    EXPECT_FALSE(suspects.others_hold_one(is_open())) << "it is this thread's own";
    add_elsewhere(suspects, {open(2)});
    EXPECT_TRUE(suspects.others_hold_one(is_open()));
    EXPECT_TRUE(suspects.others_hold_one(is_open())) << "a look changes nothing";
    bool is_held_back = false;
    std::thread([&] { is_held_back = suspects.others_hold_one(is_open()); }).join();
    EXPECT_TRUE(is_held_back) << "a third thread, by both";
    end(2);
    EXPECT_FALSE(suspects.others_hold_one(is_open()));
}

TEST_F(OpenLeases, that_are_suspect_no_more_are_forgotten) {
    Suspects suspects;
    add_elsewhere(suspects, {open(1)});
    end(1);
    EXPECT_FALSE(suspects.others_hold_one(is_open()));
    open(1);
    EXPECT_FALSE(suspects.others_hold_one(is_open())) << "it was forgotten";
}

TEST_F(OpenLeases, that_are_suspect_are_forgotten_oldest_first_when_they_are_too_many) {
    Suspects suspects;
    std::vector<Ticket> most{open(1)};
    for (std::uint64_t each = 2; each <= 32; ++each) most.push_back({each, 0, 1, 0});
    add_elsewhere(suspects, most);
    EXPECT_TRUE(suspects.others_hold_one(is_open()));
    add_elsewhere(suspects, {{33, 0, 1, 0}});
    EXPECT_FALSE(suspects.others_hold_one(is_open()));
}

}  // namespace
}  // namespace procession::inline v0::detail::queue
