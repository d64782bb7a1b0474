// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <optional>

#ifdef _WIN32
#include "os/windows/api.h"
#endif

#include "process/forkserver_client.h"
#include "process/keeper_process.h"
#include "procession/init.h"
#include "support/census.h"

namespace {

/// Takes a census around every test: what a test opened, mapped or started must be gone at its end.
class CensusListener : public testing::EmptyTestEventListener {
    void OnTestStart(const testing::TestInfo&) override { before_.emplace(); }
    void OnTestEnd(const testing::TestInfo&) override {
        procession::process::end_keeper();
        procession::process::end_forkserver();
        before_->expect_nothing_left();
        before_.reset();
    }

    std::optional<procession::testing::Census> before_;
};

#ifdef _WIN32
/// Whoever is left when this process ends, whatever ends it, ends too: a test that is stopped for
/// its time leaves nobody behind.
void end_all_with_this_process() {
    const HANDLE job = ::CreateJobObjectW(nullptr, nullptr);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    ::SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    ::AssignProcessToJobObject(job, ::GetCurrentProcess());
}
#endif

}  // namespace

int main(int argc, char** argv) {
    // First: a spawned child is this same program, and does not return from here.
    procession::init(argc, argv);
#ifdef _WIN32
    end_all_with_this_process();
#endif
    testing::InitGoogleTest(&argc, argv);
    testing::UnitTest::GetInstance()->listeners().Append(new CensusListener);
    return RUN_ALL_TESTS();
}
