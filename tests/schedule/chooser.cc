// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "schedule/chooser.h"

#include <iterator>

#include "schedule/world.h"

namespace procession::schedule {

int AllRuns::choose(int options, const World& world) {
    if (depth_ < path_.size()) {
        const Branch& branch = path_[depth_++];
        lost_its_way_ = lost_its_way_ || branch.options != options;
        return branch.chosen < options ? branch.chosen : -1;
    }
    if (remembers_states_ && !seen_.insert(world.key()).second) return -1;
    path_.push_back({0, options});
    ++depth_;
    return 0;
}

bool AllRuns::next() {
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().options) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().chosen;
    return true;
}

std::vector<int> AllRuns::path() const {
    std::vector<int> chosen;
    for (const Branch& branch : path_) chosen.push_back(branch.chosen);
    return chosen;
}

int Replay::choose(int options, const World& /*world*/) {
    if (depth_ == path_.size()) return 0;
    const int chosen = path_[depth_++];
    return chosen < options ? chosen : -1;
}

RandomRun::RandomRun(std::uint64_t seed) : engine_(seed) {
    // Mostly straight on: most faults need few switches, at the right places.
    constexpr unsigned rates[] = {3, 10, 40};
    one_in_ = rates[engine_() % std::size(rates)];
}

int RandomRun::choose(int options, const World& /*world*/) {
    const bool goes_on = engine_() % one_in_ != 0;
    const auto any = static_cast<int>(engine_() % static_cast<unsigned>(options));
    const int chosen = goes_on ? 0 : any;
    path_.push_back(chosen);
    return chosen;
}

}  // namespace procession::schedule
