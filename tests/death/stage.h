// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "death/possible.h"
#include "death/script.h"
#include "death/segment_view.h"
#include "support/shared_record.h"

namespace procession::death {

template <class Script>
Script operator+(Script first, const Script& then) {
    first.insert(first.end(), then.begin(), then.end());
    return first;
}

/// The object of a scenario as its actors find it, and the model of it. This process is actor 0,
/// which holds nothing.
template <class Subject>
class Stage {
  public:
    using Script = typename Subject::Script;
    using Model = typename Subject::Model;

    explicit Stage(const Scenario<Subject>& scenario)
        : object_(Subject::make(scenario.setup)),
          view_(Subject::file_of(object_)),
          actor_(object_, *notes_),
          model_(Subject::model_of(scenario.setup, scenario.crowded)) {
        model_.add_actor();
        perform(Subject::join_in());
        unsigned used = 0;
        for (;;) {
            const Script filling = Subject::filling(scenario.setup, view_, used);
            if (filling.empty()) break;
            perform(filling);
        }
        perform(scenario.prepare);
        view_.refresh();
    }

    [[nodiscard]] const typename Subject::Object& object() const { return object_; }
    /// In a child that is going to lose its last handle of the object.
    [[nodiscard]] typename Subject::Object take_object() {
        actor_.let_go();
        return std::move(object_);
    }
    [[nodiscard]] SegmentView& view() { return view_; }
    [[nodiscard]] const SegmentView& view() const { return view_; }
    [[nodiscard]] const Model& model() const { return model_; }

  private:
    void perform(const Script& script) {
        actor_.perform(script);
        for (const auto& act : script) model_.perform(0, act);
        model_.forget(0);
    }

    typename Subject::Object object_;
    SegmentView view_;
    testing::SharedRecord<Notes> notes_;
    typename Subject::Actor actor_;
    Model model_;
};

}  // namespace procession::death
