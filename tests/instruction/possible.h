// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "instruction/actor.h"
#include "instruction/model.h"

namespace procession::instruction {

/// Actors: 0 is the test itself, the others are its children.
inline constexpr std::size_t kActorsMax = 3;

/// How far an actor says it is.
struct Progress {
    unsigned begun = 0;
    unsigned done = 0;
    std::vector<int> got;

    [[nodiscard]] static Progress of(const ActorNotes& notes);
    friend bool operator==(const Progress&, const Progress&) = default;
};
using AllProgress = std::array<Progress, kActorsMax>;

/// What was found by each of the orders of recovery (kOrders).
using Findings = std::array<Recovered, std::size(kOrders)>;

/// The states in which a queue may be, as far as one knows from what its actors have said and from
/// what was recovered at earlier instants.
///
/// Each actor's changes happen in its own order, between the begin and the return of the call that
/// makes them; changes never unhappen. So at each instant a recovery must have found what one of
/// these states would leave to survivors: no half of a change, none before its call, none missing
/// after it.
class Possible {
  public:
    explicit Possible(Model start) : states_{{std::move(start), {}}} {}

    /// The changes that this actor is going to make.
    void expect(int actor, std::vector<Change> changes) {
        changes_.at(static_cast<std::size_t>(actor)) = std::move(changes);
    }
    /// Keeps the states that agree. Empty when there is one; otherwise why not, in words.
    [[nodiscard]] std::string narrow(const AllProgress& progress, const Findings& found);
    /// Only by what the actors say.
    void narrow(const AllProgress& progress);

    /// Empty when `difference` is empty for one of the states; otherwise what it is for all.
    [[nodiscard]] std::string explain(
        const std::function<std::string(const Model& model)>& difference) const;

    [[nodiscard]] bool is_certain() const { return states_.size() == 1; }
    [[nodiscard]] const Model& model() const { return states_.front().model; }
    /// How many changes have happened, when that is certain.
    [[nodiscard]] std::optional<unsigned> happened() const;
    /// The last change of `actor` that has happened in the first state.
    [[nodiscard]] const Change& change(int actor, unsigned index) const {
        return changes_.at(static_cast<std::size_t>(actor)).at(index);
    }
    [[nodiscard]] const std::array<unsigned, kActorsMax>& counts() const {
        return states_.front().count;
    }

  private:
    struct State {
        Model model;
        std::array<unsigned, kActorsMax> count{};
        friend bool operator==(const State&, const State&) = default;
    };
    void add_next(const State& state, const AllProgress& progress);

    std::array<std::vector<Change>, kActorsMax> changes_;
    std::vector<State> states_;
};

}  // namespace procession::instruction
