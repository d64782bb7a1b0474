// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>

#include "schedule/queue_run.h"

namespace procession::schedule {

inline Script puts(int item) {
    return [item](Participant& p) { p.put(item); };
}
inline void gets_one(Participant& p) { p.get(); }
inline void finishes(Participant& p) { p.finish(); }
inline void gets_and_finishes(Participant& p) { p.get(), p.finish(); }
inline void nothing(Participant& /*p*/) {}
inline void puts_for_those_who_wait(Participant& p) { p.expect_empty(), p.put(800), p.put(801); }
inline void drains(Participant& p) { p.drain(); }

/// Whether there is time for larger bounds.
inline bool is_soak() { return std::getenv("PROCESSION_SOAK") != nullptr; }

/// Every schedule; every schedule in which one slice of a sleeper ends early; every schedule in
/// which one participant dies, at every point of each. (Where this is small enough to be done at
/// all, a bound makes it no cheaper: a state then counts once for each number of preemptions.)
inline void explore_all(const std::string& name, const QueueCase& story) {
    explore(name, story, {-1, 0, 1});
    explore(name, story, {-1, 1, 0});
    if (is_soak()) explore(name, story, {-1, 2, 1});
}

/// The same for cases that are too large for that in every run of the tests: with so many
/// preemptions, first without a death, then with one.
inline void explore_bounded(const std::string& name, const QueueCase& story, int preemptions,
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
