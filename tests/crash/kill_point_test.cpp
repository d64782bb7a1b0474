// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant dies at every single step of every operation; the survivors lose nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

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
        for (unsigned n = first_step(); died; n += stride()) {
            for (const Order order : {Order::notice_then_drain, Order::drain_then_notice}) {
                rig.reset();
                died = rig.victim_dies_at(n);
                std::string wrong = rig.judge(order);
                if (wrong.empty()) wrong = rig.try_a_fresh_pair();
                ASSERT_TRUE(wrong.empty()) << "step " << n << " (" << rig.where() << "): " << wrong;
            }
            visited += died ? 1 : 0;
        }
        expect_visited(visited);
        std::printf("%s: died at %u steps\n", scenario().name.c_str(), visited);
    });
}

TEST_P(KillPoints, a_repairer_may_die_at_any_step_too) {
    with_rig(scenario(), [&](auto& rig) {
        static const Script notice{{Verb::notice}};
        PairCount count;
        for (unsigned n = first_step(); rig.reset(), rig.victim_dies_at(n); n += stride()) {
            const std::string at = rig.where();
            typename std::remove_reference_t<decltype(rig)>::Instant death;
            rig.save(death);
            bool died = true;
            for (unsigned m = first_step(); died; m += stride()) {
                rig.restore(death);
                died = rig.dies_at(notice, m);
                const std::string wrong = rig.judge(order_of(rig, n + m));
                ASSERT_TRUE(wrong.empty()) << "step " << n << " (" << at << "), repairer at " << m
                                           << " (" << rig.where() << "): " << wrong;
                count.pairs += died ? 1 : 0;
            }
        }
        expect_visited(count.pairs);
        std::printf("%s: %u pairs of deaths\n", scenario().name.c_str(), count.pairs);
    });
}

bool puts_undecodable(const Scenario& scenario) {
    return std::any_of(scenario.prepare.begin(), scenario.prepare.end(),
                       [](const Act& act) { return act.verb == Verb::put_undecodable; });
}

// Victim, the next one, who does some work of its own or mends, and a third one who mends: each
// dies somewhere.
TEST_P(KillPoints, a_third_one_may_die_at_any_step_too) {
    static const std::vector<Script> works{
        {{Verb::notice}},
        {{Verb::get}, {Verb::done}, {Verb::get}},
        {{Verb::put, 60, 2}, {Verb::put, 62, 1, 5000}},
        {{Verb::get_many, 0, 3}, {Verb::give_back}, {Verb::reject}, {Verb::close}},
        {{Verb::look}, {Verb::join}, {Verb::shutdown_now}},
    };
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    const auto up_to = [&](std::size_t most) { return static_cast<unsigned>(1 + random() % most); };
    const unsigned rounds = is_soak() ? 4000 : 40 / stride();
    with_rig(scenario(), [&](auto& rig) {
        const std::size_t steps = rig.record().size();
        unsigned deaths = 0;
        for (unsigned round = 0; round < rounds; ++round) {
            rig.reset();
            std::string story = "seed " + std::to_string(seed);
            const auto die = [&](const Script& script, unsigned n) {
                const bool died = rig.dies_at(script, n);
                deaths += died ? 1 : 0;
                story += ", then step " + std::to_string(n) + " (" + rig.where() + ")";
            };
            die(scenario().act, up_to(steps));
            // Whoever does not wait for room may be told that there is none while the taking of a
            // dead consumer is not mended; the model knows no such time. Nor does it know what
            // get_many() does with an item that does not decode.
            const std::size_t some = random() % works.size();
            const bool is_known = scenario().maxsize == 0 && !puts_undecodable(scenario());
            die(works[is_known ? some : 0], up_to(50));
            die(works.front(), up_to(50));
            const std::string wrong = rig.judge(order_of(rig, round));
            ASSERT_TRUE(wrong.empty()) << story << ": " << wrong;
        }
        std::printf("%s: %u deaths in %u rounds; seed %u\n", scenario().name.c_str(), deaths,
                    rounds, seed);
    });
}

INSTANTIATE_TEST_SUITE_P(Each, KillPoints, all_scenarios(), scenario_name);

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_KILL_POINTS
