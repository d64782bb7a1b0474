// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Every schedule of two participants that put and get: nothing is lost, nothing comes twice, the
// order is that of the puts, and no participant sleeps for ever; whichever dies, and wherever.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

class Exchange : public ::testing::TestWithParam<bool> {
  protected:
    Exchange() { story.setup.joinable = GetParam(); }
    QueueStory story;
};

TEST_P(Exchange, two_producers_are_put_in_order) {
    story.scripts = {{put(1)}, {put(2)}};
    explore_all("put || put", story);
}

TEST_P(Exchange, three_producers_wait_for_one_lock) {
    story.scripts = {{put(1)}, {put(2)}, {put(3)}};
    explore_bounded("put || put || put", story, 2, 0);
}

TEST_P(Exchange, one_puts_while_another_gets) {
    story.setup.chunks_used = 2;  // they are there to be used again
    story.before = {put(7)};
    story.scripts = {{put(1)}, {get()}};
    explore_all("put || get", story);
}

TEST_P(Exchange, two_consumers_get_different_items) {
    story.before = {put(7), put(8)};
    story.scripts = {{get()}, {get()}};
    explore_all("get || get", story);
}

TEST_P(Exchange, a_waiter_for_an_item_is_woken_by_its_put) {
    story.scripts = {{put(1)}, {get()}};
    story.rescue = puts_for_those_who_wait();
    explore_all("put || get from an empty queue", story);
}

TEST_P(Exchange, a_waiter_for_room_is_woken_by_a_get) {
    story.setup.maxsize = 1;
    story.before = {put(7)};
    story.scripts = {{put(1)}, {get()}};
    story.rescue = {call(Verb::drain)};
    explore_bounded("put into a full queue || get", story, 3, 2);
}

TEST_P(Exchange, a_big_item_is_put_while_another_is_taken) {
    story.before = {put(7, 5000)};
    story.scripts = {{put(1, 5000)}, {get()}};
    explore_bounded("put || get of big items", story, 2, 0);
}

TEST_P(Exchange, a_put_that_starts_a_new_chunk_and_gets_that_leave_the_old_one) {
    // What is left for the next but one record is not enough.
    story.setup.bytes_left = GetParam() ? 64 : 32;
    story.before = {put(7)};
    story.scripts = {{put(1)}, {get(), get()}};
    story.rescue = puts_for_those_who_wait();
    explore_bounded("put || get, get over the end of a chunk", story, 1, 0);
}

TEST_P(Exchange, the_size_is_exact_at_one_instant_while_others_put_and_get) {
    story.before = {put(7)};
    story.scripts = {{put(1), get()}, {call(Verb::size), call(Verb::size)}};
    explore_bounded("put, get || size, size", story, 3, 1);
}

TEST_P(Exchange, two_waiters_and_two_items_one_after_the_other) {
    story.scripts = {{get()}, {get()}, {put(1), put(2)}};
    story.rescue = puts_for_those_who_wait();
    explore_bounded("get || get || put, put", story, 1, 0);
}

TEST_P(Exchange, two_waiters_for_room_and_one_that_makes_it_twice) {
    story.setup.maxsize = 1;
    story.before = {put(7)};
    story.scripts = {{put(1)}, {put(2)}, {get(), get()}};
    story.rescue = {get(), get()};
    explore_bounded("put || put || get, get with room for one", story, 1, 0);
}

std::string kind_name(const ::testing::TestParamInfo<bool>& info) {
    return info.param ? "JoinableQueue" : "Queue";
}
INSTANTIATE_TEST_SUITE_P(Of, Exchange, ::testing::Bool(), kind_name);

}  // namespace
}  // namespace procession::schedule
