// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant that was woken and goes away with nothing wakes another one: none sleeps beside the
// item, the room or the lock that it waits for.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

class GivingUp : public ::testing::TestWithParam<bool> {
  protected:
    GivingUp() { story.setup.joinable = GetParam(); }
    QueueStory story;
};

TEST_P(GivingUp, a_consumer_whose_deadline_passes_at_the_lock_leaves_the_item_to_another) {
    story.scripts = {{get_within_a_little(), if_got(put(2))},
                     {get(), put(3)},
                     {put(1), call(Verb::look_at_participants)}};
    explore("get within 0.5 ms, put || get, put || put, participants", story, {1, 0, 1});
}

TEST_P(GivingUp, a_producer_without_memory_leaves_the_room_to_another) {
    story.setup.maxsize = 1;
    story.before = {put(7)};
    story.scripts = {{call(Verb::put_beyond_memory)}, {put(2)}, {get(), get()}};
    explore("put without memory || put || get, get with room for one", story, {1, 0, 0});
}

TEST_P(GivingUp, a_waiter_that_gives_up_a_lock_leaves_it_to_another) {
    story.before = {put(7), put(8), put(9), put(10)};
    story.scripts = {{get_within_a_little()}, {get_nowait()}, {get_nowait(), get_nowait()}};
    explore("get within 0.5 ms || get || get, get", story, {2, 0, 1});
}

TEST_P(GivingUp, a_producer_of_many_bytes_does_not_keep_one_of_few_from_the_room_for_those) {
    story.setup.max_bytes = 24;
    story.before = {put(7), put(8, 16)};
    story.scripts = {{put(1, 24)}, {put(2), get(), get()}, {get()}};
    explore("put of 24 bytes || put of 8, get, get || get of 8", story, {1, 0, 0});
}

std::string kind_name(const ::testing::TestParamInfo<bool>& info) {
    return info.param ? "JoinableQueue" : "Queue";
}
INSTANTIATE_TEST_SUITE_P(Of, GivingUp, ::testing::Bool(), kind_name);

}  // namespace
}  // namespace procession::schedule
