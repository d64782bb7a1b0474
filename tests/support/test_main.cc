// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>

#include "process/forkserver_client.h"
#include "procession/init.h"
#include "support/census.h"
#include "transfer/broker_client.h"
#ifdef _WIN32
#include "support/windows/watchdog.h"
#endif

namespace {

/// Takes a census around every test: what a test opened, mapped or started must be gone at its end.
class CensusListener : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo&) override { before_.emplace(); }
    void OnTestEnd(const testing::TestInfo&) override {
        procession::detail::transfer::end_broker();
        procession::detail::process::end_forkserver();
        before_->expect_nothing_left();
        before_.reset();
    }

    std::optional<procession::testing::Census> before_;
};

}  // namespace

int main(int argc, char** argv) {
#ifdef _WIN32
    if (procession::testing::show_stacks_if_asked(argc, argv)) return 0;
#endif
    // First: a spawned child is this same program, and does not return from here.
    procession::init(argc, argv);
#ifdef _WIN32
    procession::testing::begin_watchdog(100);
#endif
    testing::InitGoogleTest(&argc, argv);
    testing::UnitTest::GetInstance()->listeners().Append(new CensusListener);
    return RUN_ALL_TESTS();
}
