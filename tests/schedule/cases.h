// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>

#include "death/schedules.h"
#include "schedule/scheduled_queue.h"

namespace procession::schedule {

using death::Act;
using death::kNewest;
using death::Patience;
using death::QueueScript;
using death::Verb;
using QueueStory = death::Story<ScheduledQueue>;
using QueueHistory = death::History<death::QueueModel>;

// The calls of a script, which wait for what they need.
inline Act put(int item, std::size_t bytes = 8) {
    return {.verb = Verb::put, .number = item, .bytes = bytes, .patience = Patience::any};
}
inline Act get() { return {.verb = Verb::get, .patience = Patience::any}; }
inline Act get_nowait() { return {.verb = Verb::get}; }
/// Perhaps it gives up before there is an item.
inline Act get_within_a_little() { return {.verb = Verb::get, .patience = Patience::a_little}; }
inline Act finish() { return {.verb = Verb::finish, .pick = kNewest}; }
inline Act give_back() { return {.verb = Verb::give_back, .pick = kNewest}; }
inline Act reject() { return {.verb = Verb::reject, .pick = kNewest}; }
inline Act join() { return {.verb = Verb::join, .patience = Patience::any}; }
inline Act call(Verb verb) { return {.verb = verb}; }
inline Act if_got(Act act) {
    act.only_after_an_item = true;
    return act;
}
inline QueueScript puts_for_those_who_wait() {
    return {call(Verb::expect_empty), put(800), put(801)};
}

/// Whether there is time for larger bounds.
inline bool is_soak() { return std::getenv("PROCESSION_SOAK") != nullptr; }

// death/schedules.h, for the queue.
[[nodiscard]] std::string find_failure(const QueueStory& story, const Limits& limits);
void explore(const std::string& name, const QueueStory& story, const Limits& limits);
void explore_at_random(const std::string& name, const QueueStory& story, const Limits& limits,
                       std::uint64_t seed, unsigned runs);

/// Every schedule; every schedule in which one slice of a sleeper ends early; every schedule in
/// which one participant dies, at every point of each. (Where this is small enough to be done at
/// all, a bound makes it no cheaper: a state then counts once for each number of preemptions.)
inline void explore_all(const std::string& name, const QueueStory& story) {
    explore(name, story, {-1, 0, 1});
    explore(name, story, {-1, 1, 0});
    if (is_soak()) explore(name, story, {-1, 2, 1});
}

/// The same for cases that are too large for that in every run of the tests: with so many
/// preemptions, first without a death, then with one.
inline void explore_bounded(const std::string& name, const QueueStory& story, int preemptions,
                            int preemptions_and_death) {
    explore(name, story, {preemptions, 0, 0});
    explore(name, story, {preemptions_and_death, 1, 0});
    if (!is_soak()) return;
    if (story.scripts.size() <= 2) {
        explore_all(name, story);
    } else {
        explore(name, story, {preemptions + 1, 0, 1});
        explore(name, story, {preemptions_and_death + 1, 1, 1});
    }
}

}  // namespace procession::schedule
