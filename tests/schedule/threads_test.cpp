// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Schedules of two threads of one process, of which one closes the queue.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

// No memory for states here: threads share more than what is watched. So the bounds are low.
void explore_threads(const char* name, QueueStory story) {
    story.one_process = true;
    explore(name, story, {is_soak() ? 3 : 2, 0, 0});
    explore(name, story, {is_soak() ? 2 : 1, 0, 1});
}

const QueueScript closes{call(Verb::close)};

TEST(ClosingInOneProcess, tells_a_thread_that_waits_for_an_item) {
    QueueStory story;
    story.scripts = {closes, {get()}};
    explore_threads("close || get from an empty queue", story);
}

TEST(ClosingInOneProcess, gives_back_what_another_thread_is_just_getting) {
    QueueStory story;
    story.before = {put(7)};
    story.scripts = {closes, {get()}};
    explore_threads("close || get", story);
}

TEST(ClosingInOneProcess, lets_a_put_finish_or_refuses_it) {
    QueueStory story;
    story.scripts = {closes, {put(1)}};
    explore_threads("close || put", story);
}

TEST(ClosingInOneProcess, lets_a_task_done_finish_or_gives_its_item_back) {
    QueueStory story;
    story.before = {put(7)};
    story.first_acts = {{get()}};
    story.scripts = {closes, {finish()}};
    explore_threads("close || task_done", story);
}

TEST(ClosingInOneProcess, tells_a_thread_that_joins) {
    QueueStory story;
    story.before = {put(7)};
    story.scripts = {closes, {join()}};
    explore_threads("close || join", story);
}

}  // namespace
}  // namespace procession::schedule
