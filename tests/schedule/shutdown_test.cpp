// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Every schedule of a shutdown: who waits is woken, what was put before is delivered.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

void shuts_down(Participant& p) { p.shut_down(); }
void gets_until_shut_down(Participant& p) {
    while (p.get() == Ending::done) p.finish();
}

TEST(Shutdown, who_waits_for_an_item_is_told) {
    QueueCase story;
    story.scripts = {shuts_down, gets_one};
    story.rescue = shuts_down;
    explore_all("shutdown || get from an empty queue", story);
}

TEST(Shutdown, two_who_wait_for_an_item_are_told) {
    QueueCase story;
    story.scripts = {shuts_down, gets_one, gets_one};
    story.rescue = shuts_down;
    explore_bounded("shutdown || get || get from an empty queue", story, 1, 0);
}

TEST(Shutdown, what_was_put_is_delivered_before) {
    QueueCase story;
    story.scripts = {[](Participant& p) { p.put(1), p.shut_down(); }, gets_until_shut_down};
    story.rescue = shuts_down;
    explore_bounded("put, shutdown || get until shut down", story, 2, 1);
}

TEST(Shutdown, who_waits_for_room_is_told) {
    QueueCase story;
    story.maxsize = 1;
    story.items_before = {7};
    story.scripts = {shuts_down, puts(1)};
    story.rescue = shuts_down;
    explore_bounded("shutdown || put into a full queue", story, 3, 2);
}

TEST(Shutdown, at_once_ends_a_join_though_items_were_left) {
    QueueCase story;
    story.drops = true;
    story.items_before = {7};
    story.scripts = {[](Participant& p) { p.shut_down(true); }, [](Participant& p) { p.join(); }};
    story.rescue = [](Participant& p) { p.shut_down(true); };
    explore_bounded("immediate shutdown || join", story, 2, 1);
}

TEST(Shutdown, at_once_while_another_gets_and_finishes) {
    QueueCase story;
    story.drops = true;
    story.items_before = {7};
    story.scripts = {[](Participant& p) { p.shut_down(true); }, gets_and_finishes};
    story.rescue = [](Participant& p) { p.shut_down(true); };
    explore_bounded("immediate shutdown || get, task_done", story, 2, 1);
}

}  // namespace
}  // namespace procession::schedule
