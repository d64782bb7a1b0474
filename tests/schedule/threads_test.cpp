// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Schedules of two threads of one process, of which one closes the queue.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

// No memory for states here: threads share more than what is watched. So the bounds are low.
void explore_threads(const char* name, QueueCase story) {
    story.one_process = true;
    explore(name, story, {is_soak() ? 3 : 2, 0, 0});
    explore(name, story, {is_soak() ? 2 : 1, 0, 1});
}

void closes(Participant& p) { p.close(); }
// Closed under its feet: the call says so.
Script until_closed(const Script& act) {
    return [act](Participant& p) { p.until_closed([&] { act(p); }); };
}

TEST(ClosingInOneProcess, tells_a_thread_that_waits_for_an_item) {
    QueueCase story;
    story.scripts = {closes, until_closed(gets_one)};
    explore_threads("close || get from an empty queue", story);
}

TEST(ClosingInOneProcess, gives_back_what_another_thread_is_just_getting) {
    QueueCase story;
    story.items_before = {7};
    story.scripts = {closes, until_closed(gets_one)};
    explore_threads("close || get", story);
}

TEST(ClosingInOneProcess, lets_a_put_finish_or_refuses_it) {
    QueueCase story;
    story.scripts = {closes, until_closed(puts(1))};
    explore_threads("close || put", story);
}

TEST(ClosingInOneProcess, lets_a_task_done_finish_or_gives_its_item_back) {
    QueueCase story;
    story.items_before = {7};
    story.first_acts = {gets_one};
    story.scripts = {closes, until_closed(finishes)};
    explore_threads("close || task_done", story);
}

TEST(ClosingInOneProcess, tells_a_thread_that_joins) {
    QueueCase story;
    story.items_before = {7};
    story.scripts = {closes, until_closed([](Participant& p) { p.join(); })};
    explore_threads("close || join", story);
}

}  // namespace
}  // namespace procession::schedule
