// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant comes to an orderly end at a disorderly moment, at every step of every operation:
// for the survivors it is a death like any other.

#include <gtest/gtest.h>

#include <cstdlib>

#include "crash/kill_point_fixture.h"
#include "support/shared_notes.h"

#if defined(PROCESSION_KILL_POINTS) && !defined(_WIN32)

namespace procession::testing {
namespace {

using death::MannerOfEnd;
using death::way_out;

constexpr MannerOfEnd kManners[] = {
    {"exit", [] { mark_end(), std::exit(0); }},
    {"quick_exit", [] { mark_end(), std::quick_exit(0); }},
    {"_exit", [] { mark_end(), ::_exit(0); }},
    {"exec", [] { mark_end(), ::execl("/bin/true", "true", nullptr); }},
    {"siglongjmp", [] { mark_end(), siglongjmp(way_out(), 1); }},
};

// Each run begins elsewhere; all steps are visited by PROCESSION_SOAK=1.
unsigned rare() { return is_soak() ? 1 : 5 * stride(); }

using DisorderlyEnds = EachScenario;

TEST_P(DisorderlyEnds, at_any_step_lose_nothing_and_are_accounted_for_as_deaths) {
    QueueRig rig(scenario());
    for (const MannerOfEnd& manner : kManners) {
        rig.set_manner(&manner);
        bool ended = true;
        for (unsigned n = first_step(rare()); ended; n += rare()) {
            rig.reset();
            ended = rig.victim_dies_at(n);
            const std::string wrong = rig.judge(order_of(n));
            ASSERT_TRUE(wrong.empty()) << manner.name << " at step " << n << ": " << wrong;
        }
    }
    rig.set_manner(nullptr);
    rig.reset();
}

/// What the handler found: by all victims.
struct Calls {
    std::atomic<unsigned> refused;
    std::atomic<unsigned> allowed;
};
Calls* calls = nullptr;

void call_back() {
    try {
        static_cast<void>(death::victims_object<QueueSubject>->stats());
        calls->allowed.fetch_add(1);
    } catch (const ValueError&) {
        calls->refused.fetch_add(1);
    }
}

TEST_P(DisorderlyEnds, do_not_follow_from_a_handler_that_calls_back_at_any_step) {
    const SharedNotes<Calls> notes;
    calls = &*notes;
    QueueRig rig(scenario());
    constexpr MannerOfEnd manner{"a call", call_back};
    const auto steps = static_cast<unsigned>(rig.record().size());
    rig.set_manner(&manner);
    for (unsigned n = first_step(rare()); n <= steps; n += rare()) {
        rig.reset();
        ASSERT_FALSE(rig.victim_dies_at(n)) << "step " << n;
        const std::string wrong = rig.judge(Order::drain_then_notice);
        ASSERT_TRUE(wrong.empty()) << "step " << n << ": " << wrong;
    }
    rig.set_manner(nullptr);
    rig.reset();
    std::printf("%s: %u calls were refused, %u came from outside of an operation\n",
                scenario().name.c_str(), notes->refused.load(), notes->allowed.load());
}

INSTANTIATE_TEST_SUITE_P(Each, DisorderlyEnds, all_scenarios(), scenario_name);

}  // namespace
}  // namespace procession::testing

#endif
