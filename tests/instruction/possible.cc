// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/possible.h"

#include <algorithm>
#include <numeric>

namespace procession::instruction {

Progress Progress::of(const ActorNotes& notes) {
    Progress progress;
    progress.begun = notes.begun.load();
    progress.done = notes.done.load();
    const unsigned got = notes.got_count.load();
    for (unsigned i = 0; i < got; ++i) progress.got.push_back(notes.got.at(i).load());
    return progress;
}

void Possible::add_next(const State& state, const AllProgress& progress) {
    for (std::size_t actor = 0; actor < kActorsMax; ++actor) {
        const unsigned count = state.count[actor];
        if (count >= progress[actor].begun || count >= changes_[actor].size()) continue;
        State next = state;
        if (!next.model.apply(changes_[actor][count])) continue;
        ++next.count[actor];
        if (std::find(states_.begin(), states_.end(), next) == states_.end()) {
            states_.push_back(std::move(next));
        }
    }
}

void Possible::narrow(const AllProgress& progress) {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        const State state = states_[i];  // a copy: the vector grows
        add_next(state, progress);
    }
    std::erase_if(states_, [&](const State& state) {
        for (std::size_t actor = 0; actor < kActorsMax; ++actor) {
            if (state.count[actor] < progress[actor].done) return true;
            const auto got = state.model.got_by(static_cast<int>(actor));
            const auto& said = progress[actor].got;
            if (said.size() > got.size() || !std::equal(said.begin(), said.end(), got.begin())) {
                return true;
            }
        }
        return false;
    });
}

std::string Possible::narrow(const AllProgress& progress, const Findings& found) {
    narrow(progress);
    if (states_.empty()) return "what the actors say contradicts itself";
    std::string why;
    std::erase_if(states_, [&](const State& state) {
        for (const Order order : kOrders) {
            const auto& recovered = found[static_cast<std::size_t>(order)];
            const auto wrong = difference(state.model.after_all_died(order), recovered);
            if (wrong.empty()) continue;
            why += "\n  after " + std::to_string(state.count[0] + state.count[1] + state.count[2]) +
                   " changes (" + name_of(order) + "): " + wrong;
            return true;
        }
        return false;
    });
    return states_.empty() ? why : std::string();
}

std::string Possible::explain(
    const std::function<std::string(const Model& model)>& difference) const {
    std::string all = "no state is possible";
    for (const State& state : states_) {
        const std::string wrong = difference(state.model);
        if (wrong.empty()) return {};
        all += "\n  " + wrong;
    }
    return all;
}

std::optional<unsigned> Possible::happened() const {
    const auto total = [](const State& state) {
        return std::accumulate(state.count.begin(), state.count.end(), 0U);
    };
    const unsigned first = total(states_.front());
    for (const State& state : states_) {
        if (total(state) != first) return std::nullopt;
    }
    return first;
}

}  // namespace procession::instruction
