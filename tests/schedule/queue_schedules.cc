// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The driver for the queue, in a file of its own: it is not watched itself.
#include "schedule/cases.h"

namespace procession::schedule {

std::string find_failure(const QueueStory& story, const Limits& limits) {
    return death::find_failure(story, limits);
}
void explore(const std::string& name, const QueueStory& story, const Limits& limits) {
    death::explore(name, story, limits);
}
void explore_at_random(const std::string& name, const QueueStory& story, const Limits& limits,
                       std::uint64_t seed, unsigned runs) {
    death::explore_at_random(name, story, limits, seed, runs);
}

}  // namespace procession::schedule
