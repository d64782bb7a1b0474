// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Every schedule of a shutdown: each waiter is woken, each item put before is delivered.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

const QueueScript shuts_down{call(Verb::shut_down)};
const QueueScript gets_until_shut_down{get(), if_got(finish()), if_got(get()), if_got(finish())};

TEST(Shutdown, a_waiter_for_an_item_is_told) {
    QueueStory story;
    story.scripts = {shuts_down, {get()}};
    story.rescue = shuts_down;
    explore_all("shutdown || get from an empty queue", story);
}

TEST(Shutdown, two_waiters_for_an_item_are_told) {
    QueueStory story;
    story.scripts = {shuts_down, {get()}, {get()}};
    story.rescue = shuts_down;
    explore_bounded("shutdown || get || get from an empty queue", story, 1, 0);
}

TEST(Shutdown, what_was_put_is_delivered_before) {
    QueueStory story;
    story.scripts = {{put(1), call(Verb::shut_down)}, gets_until_shut_down};
    story.rescue = shuts_down;
    explore_bounded("put, shutdown || get until shut down", story, 2, 1);
}

TEST(Shutdown, a_waiter_for_room_is_told) {
    QueueStory story;
    story.setup.maxsize = 1;
    story.before = {put(7)};
    story.scripts = {shuts_down, {put(1)}};
    story.rescue = shuts_down;
    explore_bounded("shutdown || put into a full queue", story, 3, 2);
}

TEST(Shutdown, at_once_ends_a_join_though_items_were_left) {
    QueueStory story;
    story.before = {put(7)};
    story.scripts = {{call(Verb::shut_down_now)}, {join()}};
    story.rescue = {call(Verb::shut_down_now)};
    explore_bounded("immediate shutdown || join", story, 2, 1);
}

TEST(Shutdown, at_once_while_another_gets_and_finishes) {
    QueueStory story;
    story.before = {put(7)};
    story.scripts = {{call(Verb::shut_down_now)}, {get(), finish()}};
    story.rescue = {call(Verb::shut_down_now)};
    explore_bounded("immediate shutdown || get, task_done", story, 2, 1);
}

}  // namespace
}  // namespace procession::schedule
