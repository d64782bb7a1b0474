// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Every schedule of participants that hold items: each item is finished once, counted once, and
// comes back when its holder dies.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

TEST(Leases, two_finishers_are_both_counted) {
    QueueStory story;
    story.before = {put(7), put(8)};
    story.first_acts = {{get()}, {get()}};
    story.scripts = {{finish()}, {finish()}};
    explore_all("task_done || task_done", story);
}

TEST(Leases, the_last_task_done_wakes_the_joiner) {
    QueueStory story;
    story.before = {put(7)};
    story.first_acts = {{get()}};
    story.scripts = {{finish()}, {join()}};
    story.rescue = {call(Verb::drain)};
    explore_all("task_done || join", story);
}

TEST(Leases, two_tasks_done_by_two_wake_the_joiner) {
    QueueStory story;
    story.before = {put(7), put(8)};
    story.first_acts = {{get()}, {get()}};
    story.scripts = {{finish()}, {finish()}, {join()}};
    story.rescue = {call(Verb::drain)};
    explore_bounded("task_done || task_done || join", story, 2, 0);
}

TEST(Leases, an_item_given_back_comes_before_the_next_one) {
    QueueStory story;
    story.before = {put(7), put(8)};
    story.first_acts = {{get()}};
    story.scripts = {{give_back()}, {get()}};
    explore_all("give_back || get", story);
}

TEST(Leases, an_item_given_back_wakes_a_waiter) {
    QueueStory story;
    story.before = {put(7)};
    story.first_acts = {{get()}};
    story.scripts = {{give_back()}, {get()}};
    story.rescue = puts_for_those_who_wait();
    explore_bounded("give_back || get from an empty queue", story, 3, 2);
}

TEST(Leases, a_rejected_item_wakes_the_joiner) {
    QueueStory story;
    story.before = {put(7)};
    story.first_acts = {{get()}};
    story.scripts = {{reject()}, {join()}};
    story.rescue = {call(Verb::drain)};
    explore_bounded("reject || join", story, 2, 1);
}

TEST(Leases, unfinished_is_exact_while_others_put_and_finish) {
    QueueStory story;
    story.before = {put(7)};
    story.first_acts = {{get()}};
    story.scripts = {{put(1), finish()}, {call(Verb::unfinished), call(Verb::unfinished)}};
    explore_bounded("put, task_done || unfinished, unfinished", story, 3, 1);
}

TEST(Leases, a_closer_gives_back_what_it_holds) {
    QueueStory story;
    story.before = {put(7)};
    story.first_acts = {{get()}};
    story.scripts = {{call(Verb::close)}, {get()}};
    story.rescue = puts_for_those_who_wait();
    explore_bounded("close || get", story, 2, 1);
}

TEST(Leases, the_last_item_of_a_chunk_is_finished_while_the_head_leaves_it) {
    QueueStory story;
    story.setup.bytes_left = 64;
    story.before = {put(7), put(8)};
    story.first_acts = {{get()}};
    story.scripts = {{finish()}, {get()}};
    explore_bounded("task_done || get over the end of a chunk", story, 1, 0);
}

}  // namespace
}  // namespace procession::schedule
