// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Who was woken and goes away with nothing wakes another one: nobody sleeps beside what he waits
// for.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

using std::chrono::microseconds;

class GivingUp : public ::testing::TestWithParam<bool> {
  protected:
    GivingUp() { story.joinable = GetParam(); }
    QueueCase story;
};

TEST_P(GivingUp, a_consumer_whose_deadline_passes_at_the_lock_leaves_the_item_to_another) {
    story.scripts = {[](Participant& p) {
                         if (p.get_within(microseconds(500)) == Ending::done) p.put(2);
                     },
                     [](Participant& p) { p.get(), p.put(3); },
                     [](Participant& p) { p.put(1), p.look_at_participants(); }};
    explore("get within 0.5 ms, put || get, put || put, participants", story, {1, 0, 1});
}

TEST_P(GivingUp, a_producer_without_memory_leaves_the_room_to_another) {
    story.maxsize = 1;
    story.items_before = {7};
    story.scripts = {[](Participant& p) { p.put_in_vain(); }, puts(2),
                     [](Participant& p) { p.get(), p.get(); }};
    explore("put without memory || put || get, get with room for one", story, {1, 0, 0});
}

TEST_P(GivingUp, who_no_longer_waits_for_a_lock_leaves_it_to_another) {
    story.items_before = {7, 8, 9, 10};
    story.scripts = {[](Participant& p) { p.get_within(microseconds(500)); },
                     [](Participant& p) { p.get_nowait(); },
                     [](Participant& p) { p.get_nowait(), p.get_nowait(); }};
    explore("get within 0.5 ms || get || get, get", story, {2, 0, 1});
}

TEST_P(GivingUp, a_producer_of_many_bytes_does_not_keep_one_of_few_from_the_room_for_those) {
    story.max_bytes = 24;
    story.before = [](Participant& p) { p.put(7), p.put(8, 16); };
    story.scripts = {[](Participant& p) { p.put(1, 24); },
                     [](Participant& p) { p.put(2), p.get(), p.get(); },
                     [](Participant& p) { p.get(); }};
    explore("put of 24 bytes || put of 8, get, get || get of 8", story, {1, 0, 0});
}

std::string kind_name(const ::testing::TestParamInfo<bool>& info) {
    return info.param ? "JoinableQueue" : "Queue";
}
INSTANTIATE_TEST_SUITE_P(Of, GivingUp, ::testing::Bool(), kind_name);

}  // namespace
}  // namespace procession::schedule
