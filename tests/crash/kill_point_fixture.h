// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "crash/rig.h"
#include "crash/scenarios.h"
#include "support/long_tests.h"

namespace procession::testing {

/// A test that is run for each scenario.
class EachScenario : public ::testing::TestWithParam<std::size_t> {
  protected:
    [[nodiscard]] static const Scenario& scenario() { return scenarios()[GetParam()]; }
};
inline auto all_scenarios() { return ::testing::Range(std::size_t{0}, scenarios().size()); }
inline std::string scenario_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return scenarios()[info.param].name;
}

/// Calls test(rig) with a rig of the queue that the scenario is about.
template <class Test>
void with_rig(const Scenario& scenario, Test test) {
    if (scenario.joinable) {
        Rig<JoinableQueue<std::string>> rig(scenario);
        test(rig);
    } else {
        Rig<Queue<std::string>> rig(scenario);
        test(rig);
    }
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

struct PairCount {
    unsigned pairs = 0;
};

template <class Rig>
typename Rig::Order order_of(const Rig&, unsigned number) {
    return number % 2 == 0 ? Rig::Order::notice_then_drain : Rig::Order::drain_then_notice;
}

}  // namespace procession::testing
