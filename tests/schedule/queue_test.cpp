// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "schedule/queue_run.h"

namespace procession::schedule {
namespace {

Script puts(int item) {
    return [item](Participant& p) { p.put(item); };
}
void gets(Participant& p) { p.get(); }
void gets_and_finishes(Participant& p) { p.get(), p.finish(); }

void both(const char* name, const QueueCase& story) {
    explore(name, story, {-1, 0, 0});
    explore(name, story, {-1, 1, 0});
}

TEST(Schedules, two_puts) {
    QueueCase story;
    story.scripts = {puts(1), puts(2)};
    both("put || put", story);
}
TEST(Schedules, put_and_get) {
    QueueCase story;
    story.items_before = {7};
    story.scripts = {puts(1), gets};
    both("put || get", story);
    story.joinable = false;
    both("put || get, plain", story);
}
TEST(Schedules, get_waits) {
    QueueCase story;
    story.scripts = {puts(1), gets};
    explore("put || get", story, {-1, 0, 0});
    explore("put || get", story, {-1, 0, 1});
}
TEST(Schedules, get_and_get) {
    QueueCase story;
    story.items_before = {7, 8};
    story.scripts = {gets_and_finishes, gets};
    both("get, finish || get", story);
    story.joinable = false;
    both("get || get, plain", story);
}
TEST(Schedules, put_full) {
    QueueCase story;
    story.items_before = {7};
    story.maxsize = 1;
    story.scripts = {puts(1), gets};
    explore("put full || get", story, {-1, 0, 0});
    explore("put full || get", story, {-1, 0, 1});
}

}  // namespace
}  // namespace procession::schedule
