// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/script.h"

namespace procession::instruction {

const char* name_of(Change::Kind kind) {
    switch (kind) {
        case Change::Kind::put: return "put";
        case Change::Kind::get: return "get";
        case Change::Kind::finish: return "finish";
        case Change::Kind::give_back: return "give_back";
        case Change::Kind::reject: return "reject";
        case Change::Kind::shut_down: return "shut_down";
        case Change::Kind::shut_down_now: return "shut_down_now";
    }
    return "?";
}

std::vector<Change> changes_of(const Step& step, int actor) {
    using Kind = Change::Kind;
    switch (step.verb) {
        case Verb::put:
        case Verb::put_many: {
            std::vector<Change> puts;
            const bool is_run = step.verb == Verb::put_many;
            for (const Thing& thing : step.things) {
                puts.push_back({Kind::put, actor, thing, 0, is_run});
            }
            return puts;
        }
        case Verb::get: return {{Kind::get, actor, {}}};
        case Verb::get_many:
            return std::vector<Change>(step.count, {Kind::get, actor, {}, 0, true});
        case Verb::finish:
        case Verb::task_done: return {{Kind::finish, actor, {}, step.pick}};
        case Verb::give_back: return {{Kind::give_back, actor, {}, step.pick}};
        case Verb::reject: return {{Kind::reject, actor, {}, step.pick}};
        case Verb::shut_down: return {{Kind::shut_down, actor, {}}};
        case Verb::shut_down_now: return {{Kind::shut_down_now, actor, {}}};
        case Verb::close:
            return std::vector<Change>(step.count, {Kind::give_back, actor, {}, Change::kFirstPut});
        case Verb::notice_deaths: {
            std::vector<Change> returns;
            for (const int holder : step.holders) {
                returns.push_back({Kind::give_back, holder, {}, Change::kFirstPut});
            }
            return returns;
        }
        case Verb::put_in_vain:
        case Verb::get_in_vain:
        case Verb::join: return {};
    }
    return {};
}

std::vector<Change> changes_of(const std::vector<Step>& steps, int actor) {
    std::vector<Change> all;
    for (const Step& step : steps) {
        for (const Change& change : changes_of(step, actor)) all.push_back(change);
    }
    return all;
}

}  // namespace procession::instruction
