// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "death/possible.h"
#include "death/script.h"

namespace procession::death {

/// The calls, answers and deaths of one run, in the order in which they came: what a model has to
/// explain (linearizability). A call happens at some instants between its begin and its end. That
/// of a dead actor may have happened, or a part of it, or nothing: until some process reclaims it,
/// since what it has committed shows when it is repaired.
template <class Model>
class History {
  public:
    using Act = typename Model::Act;

    /// A process, or one more thread of an older actor's.
    int add_actor(int thread_of = -1) {
        events_.push_back({Event::enters, thread_of, {}, {}});
        return actors_++;
    }
    void begin(int actor, const Act& act) { events_.push_back({Event::begins, actor, act, {}}); }
    void say(int actor, Said said) { events_.push_back({Event::says, actor, {}, said}); }
    void die(int actor) {
        events_.push_back({Event::dies, actor, {}, {}});
        ++actors_;  // some process will reclaim it
    }

    /// The states that explain it all, from `start` on; none when there is no such state.
    [[nodiscard]] Possible<Model> explained_from(const Model& start) const {
        Possible<Model> possible(start);
        for (const Event& event : events_) {
            const int actor = event.actor;
            switch (event.kind) {
                case Event::enters:
                    possible.add_actor({}, [&](Model& model) {
                        return actor < 0 ? model.add_actor() : model.add_thread_of(actor);
                    });
                    break;
                case Event::begins:
                    possible.expect(actor, event.act);
                    possible.begin(actor);
                    break;
                case Event::says:
                    possible.say(actor, event.said);
                    if (event.said.ends_a_call() && !possible.narrow()) return possible;
                    break;
                case Event::dies:
                    possible.begin(possible.add_actor({Model::reclaim_of(actor)}));
                    break;
            }
        }
        possible.narrow();
        return possible;
    }

    [[nodiscard]] std::string text() const {
        std::string text;
        for (const Event& event : events_) {
            if (event.kind == Event::enters) continue;
            text += "  P" + std::to_string(event.actor) + ": ";
            switch (event.kind) {
                case Event::begins: text += Model::text_of(event.act); break;
                case Event::says: text += "  " + Model::text_of(event.said); break;
                default: text += "dies"; break;
            }
            text += '\n';
        }
        return text;
    }

  private:
    struct Event {
        enum Kind : unsigned char { enters, begins, says, dies } kind;
        int actor;
        Act act;
        Said said;
    };
    std::vector<Event> events_;
    int actors_ = 1;  // number 0 has prepared the stage
};

}  // namespace procession::death
