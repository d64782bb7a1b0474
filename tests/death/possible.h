// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "death/script.h"

namespace procession::death {

/// The verdict: in which states a shared object may be, by what its actors have said, and by what
/// was found in it.
///
/// The model is sequential: each of its changes happens as a whole. Each actor's changes happen in
/// its own order, between the begin and the end of the call that makes them; changes never
/// unhappen. So a state explains what was said when for each actor it has begun no more calls than
/// the actor has, and what the actor was told is the beginning of what the state would tell it. A
/// death leaves the state in which it found the object; the model knows what the dead one held.
template <class Model>
class Possible {
  public:
    using Act = typename Model::Act;

    Possible() = default;
    /// The model's actors so far are not expected to do any more.
    explicit Possible(Model start)
        : actors_(start.actors()),
          states_{{std::move(start), std::vector<unsigned>(actors_.size())}} {}

    /// An actor more, which is going to make these calls. Returns its number.
    int add_actor(std::vector<Act> acts) {
        return add_actor(std::move(acts), [](Model& model) { return model.add_actor(); });
    }
    template <class Add>
    int add_actor(std::vector<Act> acts, Add add) {
        auto actor = static_cast<int>(actors_.size());
        for (State& state : states_) {
            actor = add(state.model);
            state.begun.resize(static_cast<std::size_t>(actor) + 1);
        }
        actors_.resize(static_cast<std::size_t>(actor) + 1);
        at(actor).acts = std::move(acts);
        return actor;
    }
    /// One call more of this actor.
    void expect(int actor, Act act) { at(actor).acts.push_back(std::move(act)); }

    void set_progress(int actor, Progress progress) { at(actor).progress = std::move(progress); }
    void begin(int actor) { ++at(actor).progress.begun; }
    void say(int actor, Said said) { at(actor).progress.said.push_back(said); }

    /// Keeps the states that agree with what the actors say. False when there is none.
    bool narrow() {
        for (std::size_t i = 0; i < states_.size(); ++i) {
            const State state = states_[i];  // a copy: the vector grows
            for (std::size_t actor = 0; actor < actors_.size(); ++actor) add_next(state, actor);
        }
        std::erase_if(states_, [&](const State& state) {
            for (std::size_t actor = 0; actor < actors_.size(); ++actor) {
                const auto& said = actors_[actor].progress.said;
                const auto& told = state.model.said(static_cast<int>(actor));
                if (said.size() > told.size() || !agree(said, told)) return true;
            }
            return false;
        });
        return !states_.empty();
    }
    /// The same, and keeps the states for which `difference` returns nothing. Returns: empty when
    /// there is one; otherwise why not, in words.
    template <class Difference>
    [[nodiscard]] std::string narrow(Difference difference) {
        if (!narrow()) return "what the actors say contradicts itself";
        std::string why;
        std::erase_if(states_, [&](const State& state) {
            const std::string wrong = difference(state.model);
            if (!wrong.empty()) {
                why += "\n  after " + std::to_string(changes(state.model)) + " changes: " + wrong;
            }
            return !wrong.empty();
        });
        return states_.empty() ? why : std::string();
    }

    /// The actor dies where it stands: of what it has begun nothing more will happen.
    void die(int actor) {
        narrow();
        for (State& state : states_) state.model.die(actor);
        forget(actor);
    }
    /// Every process dies.
    void die_all() {
        for (State& state : states_) state.model.die_all();
        for (std::size_t actor = 0; actor < actors_.size(); ++actor) {
            forget(static_cast<int>(actor));
        }
    }
    /// As much may have begun as at a later moment.
    void begin_as_in(const Possible& later) {
        for (std::size_t actor = 0; actor < actors_.size(); ++actor) {
            actors_[actor].progress.begun = later.actors_[actor].progress.begun;
        }
    }
    /// What it was told matters no more.
    void forget(int actor) {
        for (State& state : states_) {
            state.model.forget(actor);
            state.begun[static_cast<std::size_t>(actor)] = 0;
        }
        at(actor) = {};
        merge();
    }

    [[nodiscard]] bool is_certain() const { return states_.size() == 1; }
    [[nodiscard]] const Model& model() const { return states_.front().model; }
    [[nodiscard]] std::size_t size() const { return states_.size(); }
    /// How many changes have happened, when that is certain.
    [[nodiscard]] std::optional<unsigned> happened() const {
        const unsigned first = changes(states_.front().model);
        for (const State& state : states_) {
            if (changes(state.model) != first) return std::nullopt;
        }
        return first;
    }
    [[nodiscard]] std::size_t actors() const { return actors_.size(); }

  private:
    struct State {
        Model model;
        std::vector<unsigned> begun;  // calls, by actor
        friend bool operator==(const State&, const State&) = default;
    };
    struct Actor {
        std::vector<Act> acts;
        Progress progress;
    };

    Actor& at(int actor) { return actors_.at(static_cast<std::size_t>(actor)); }

    static bool agree(const std::vector<Said>& a, const std::vector<Said>& b) {
        return std::equal(a.begin(),
                          a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size())),
                          b.begin());
    }
    unsigned changes(const Model& model) const {
        unsigned count = 0;
        for (std::size_t actor = 0; actor < actors_.size(); ++actor) {
            count += static_cast<unsigned>(model.changes(static_cast<int>(actor)).size());
        }
        return count;
    }

    void add_next(const State& state, std::size_t index) {
        const auto actor = static_cast<int>(index);
        const Actor& known = actors_[index];
        const unsigned begun = state.begun[index];
        if (!state.model.is_idle(actor)) return add(state.model.next(actor), state, index, begun);
        if (begun >= known.progress.begun || begun >= known.acts.size()) return;
        Model model = state.model;
        model.begin(actor, known.acts[begun]);
        add(model.next(actor), state, index, begun + 1);
    }
    void add(std::vector<Model> models, const State& state, std::size_t index, unsigned begun) {
        for (Model& model : models) {
            if (!agree(actors_[index].progress.said, model.said(static_cast<int>(index)))) continue;
            State next{std::move(model), state.begun};
            next.begun[index] = begun;
            if (std::find(states_.begin(), states_.end(), next) == states_.end()) {
                states_.push_back(std::move(next));
            }
        }
    }
    void merge() {
        std::vector<State> merged;
        for (State& state : states_) {
            if (std::find(merged.begin(), merged.end(), state) == merged.end()) {
                merged.push_back(std::move(state));
            }
        }
        states_ = std::move(merged);
    }

    std::vector<Actor> actors_;
    std::vector<State> states_;
};

}  // namespace procession::death
