// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant dies at every single step of every operation; the survivors lose nothing.

#include <gtest/gtest.h>

#include "crash/kill_point_fixture.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession::testing {
namespace {

using KillPoints = EachScenario;

TEST_P(KillPoints, a_death_at_any_step_loses_nothing_and_is_accounted_for) {
    with_rig(scenario(), [&](auto& rig) {
        using Order = typename std::remove_reference_t<decltype(rig)>::Order;
        unsigned visited = 0;
        bool died = true;
        for (unsigned n = 1; died; n += stride()) {
            for (const Order order : {Order::notice_then_drain, Order::drain_then_notice}) {
                rig.reset();
                died = rig.victim_dies_at(n);
                std::string wrong = rig.judge(order);
                if (wrong.empty()) wrong = rig.try_a_fresh_pair();
                ASSERT_TRUE(wrong.empty()) << "step " << n << " (" << rig.where() << "): " << wrong;
            }
            visited += died ? 1 : 0;
        }
        EXPECT_GT(visited, 0U);
        std::printf("%s: died at %u steps\n", scenario().name.c_str(), visited);
    });
}

TEST_P(KillPoints, a_repairer_may_die_at_any_step_too) {
    with_rig(scenario(), [&](auto& rig) {
        static const Script notice{{Verb::notice}};
        PairCount count;
        for (unsigned n = 1; rig.reset(), rig.victim_dies_at(n); n += stride()) {
            const std::string at = rig.where();
            typename std::remove_reference_t<decltype(rig)>::Instant death;
            rig.save(death);
            bool died = true;
            for (unsigned m = 1; died; m += stride()) {
                rig.restore(death);
                died = rig.dies_at(notice, m);
                const std::string wrong = rig.judge(order_of(rig, n + m));
                ASSERT_TRUE(wrong.empty()) << "step " << n << " (" << at << "), repairer at " << m
                                           << " (" << rig.where() << "): " << wrong;
                count.pairs += died ? 1 : 0;
            }
        }
        std::printf("%s: %u pairs of deaths\n", scenario().name.c_str(), count.pairs);
    });
}

INSTANTIATE_TEST_SUITE_P(Each, KillPoints, all_scenarios(), scenario_name);

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
