// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>

#include "death/kill_points.h"
#include "death/queue/subject.h"
#include "support/long_tests.h"

// Compiled once, in death/queue/kill_point_driver.cc.
extern template class procession::death::KillPointDriver<procession::death::QueueSubject>;

namespace procession::testing {

using death::name_of;
using death::Order;
using death::QueueScenario;
using death::QueueScript;
using death::QueueSubject;
using death::Verb;
using QueueRig = death::KillPointDriver<QueueSubject>;

/// A test that is run for each scenario.
class EachScenario : public ::testing::TestWithParam<std::size_t> {
  protected:
    [[nodiscard]] static const QueueScenario& scenario() {
        return QueueSubject::scenarios()[GetParam()];
    }
};
inline auto all_scenarios() {
    return ::testing::Range(std::size_t{0}, QueueSubject::scenarios().size());
}
inline std::string scenario_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return QueueSubject::scenarios()[info.param].name;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/// A fork costs ten times as much there.
inline constexpr unsigned sanitizer_stride = 13;
#else
inline constexpr unsigned sanitizer_stride = 1;
#endif

inline unsigned stride() { return is_soak() ? 1 : sanitizer_stride; }
/// Where to begin with a stride: elsewhere in every run. What fails says at which step it did.
inline unsigned first_step(unsigned step = stride()) {
    return step == 1 ? 1 : 1 + static_cast<unsigned>(std::random_device{}() % step);
}

/// With a stride, a short life may be missed.
inline void expect_visited(unsigned visited) { EXPECT_TRUE(visited > 0 || stride() > 1); }

inline Order order_of(unsigned number) { return death::kOrders[number % 2]; }

/// The victim dies at each step; survivors lose nothing, in either order.
template <class Rig>
void die_at_each_step(Rig& rig, const std::string& name) {
    unsigned visited = 0;
    bool died = true;
    for (unsigned n = first_step(); died; n += stride()) {
        for (const Order order : death::kOrders) {
            rig.reset();
            died = rig.victim_dies_at(n);
            std::string wrong = rig.judge(order);
            if (wrong.empty()) wrong = rig.try_a_fresh_pair();
            ASSERT_TRUE(wrong.empty())
                << "step " << n << " (" << rig.where() << "), " << name_of(order) << ": " << wrong;
        }
        visited += died ? 1 : 0;
    }
    expect_visited(visited);
    std::printf("%s: died at %u steps\n", name.c_str(), visited);
}

/// After each death of the victim, a process that runs `notice` dies at each step of it.
template <class Rig>
void die_in_pairs(Rig& rig, const std::string& name, const typename Rig::Script& notice) {
    unsigned pairs = 0;
    for (unsigned n = first_step(); rig.reset(), rig.victim_dies_at(n); n += stride()) {
        const std::string at = rig.where();
        typename Rig::Instant death;
        rig.save(death);
        bool died = true;
        for (unsigned m = first_step(); died; m += stride()) {
            rig.restore(death);
            died = rig.dies_at(notice, m);
            const std::string wrong = rig.judge(order_of(n + m));
            ASSERT_TRUE(wrong.empty()) << "step " << n << " (" << at << "), repairer at " << m
                                       << " (" << rig.where() << "): " << wrong;
            pairs += died ? 1 : 0;
        }
    }
    expect_visited(pairs);
    std::printf("%s: %u pairs of deaths\n", name.c_str(), pairs);
}

}  // namespace procession::testing
