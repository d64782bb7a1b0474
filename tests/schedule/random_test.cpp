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

const QueueScript puts_three{put(1), put(2), put(3)};
const QueueScript gets_two{get(), get(), finish(), finish()};
const QueueScript gets_and_gives_back{get(), give_back(), get(), finish()};

TEST(RandomSchedules, of_producers_and_consumers) {
    QueueStory story;
    story.setup.maxsize = 2;
    story.scripts = {puts_three, {put(4)}, gets_two, gets_and_gives_back};
    story.rescue = {call(Verb::drain), call(Verb::shut_down)};
    explore_at_random("3 puts || put || 2 gets || get, give_back, get", story, {-1, 0, 2}, seed(),
                      runs());
    explore_at_random("the same", story, {-1, 2, 2}, seed(), runs());
}

TEST(RandomSchedules, of_consumers_that_close_and_join) {
    QueueStory story;
    story.before = {put(7), put(8), put(9)};
    story.scripts = {gets_two,
                     {get(), put(1), call(Verb::close)},
                     {call(Verb::size), call(Verb::unfinished), call(Verb::notice)}};
    story.rescue = puts_for_those_who_wait();
    explore_at_random("2 gets || get, put, close || size, unfinished", story, {-1, 0, 2}, seed(),
                      runs());
    explore_at_random("the same", story, {-1, 2, 2}, seed(), runs());
}

}  // namespace
}  // namespace procession::schedule
