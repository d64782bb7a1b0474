// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Stories that are too large for every schedule: random ones, of which each can be seen again by
// its seed.

#include <gtest/gtest.h>

#include <random>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

std::uint64_t seed() {
    const char* given = std::getenv("PROCESSION_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}
unsigned runs() { return is_soak() ? 200'000 : 1000; }

void puts_three(Participant& p) { p.put(1), p.put(2), p.put(3); }
void gets_two(Participant& p) { p.get(), p.get(), p.finish(), p.finish(); }
void gets_and_gives_back(Participant& p) { p.get(), p.give_back(), p.get(), p.finish(); }

TEST(RandomSchedules, of_producers_and_consumers) {
    QueueCase story;
    story.maxsize = 2;
    story.scripts = {puts_three, [](Participant& p) { p.put(4); }, gets_two, gets_and_gives_back};
    story.rescue = [](Participant& p) { p.drain(), p.shut_down(); };
    explore_at_random("3 puts || put || 2 gets || get, give_back, get", story, {-1, 0, 2}, seed(),
                      runs());
    explore_at_random("the same", story, {-1, 2, 2}, seed(), runs());
}

TEST(RandomSchedules, of_consumers_that_close_and_join) {
    QueueCase story;
    story.items_before = {7, 8, 9};
    story.scripts = {gets_two, [](Participant& p) { p.get(), p.put(1), p.close(); },
                     [](Participant& p) { p.size(), p.unfinished(), p.notice_deaths(); }};
    story.rescue = puts_for_those_who_wait;
    explore_at_random("2 gets || get, put, close || size, unfinished", story, {-1, 0, 2}, seed(),
                      runs());
    explore_at_random("the same", story, {-1, 2, 2}, seed(), runs());
}

}  // namespace
}  // namespace procession::schedule
