// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>

#include "contract/passing_fixture.h"
#include "process/forkserver_client.h"

// Helper processes, at the end of the program that has started them. This process adopts orphans,
// as the first process of a container does, and collects none.

namespace procession::testing {

using namespace detail;

namespace {

class HelpersOfAProgram : public EachStartMethod {
  protected:
    void SetUp() override { must(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0); }
    void TearDown() override {
        while (::waitpid(-1, nullptr, 0) > 0) {}
        must(::prctl(PR_SET_CHILD_SUBREAPER, 0) == 0);
    }

    void run(void (*act)()) {
        {
            Process program(method(), act);
            program.join();
            EXPECT_EQ(program.exit_code(), 0);
        }
        process::end_forkserver();  // this one's own
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a helper was left behind";
    }
};
INSTANTIATE_TEST_SUITE_P(Each, HelpersOfAProgram, all_start_methods(), show_start_method);

void put_and_get() {
    const Queue<Queue<int>> carrier;
    carrier.put(Queue<int>());
    static_cast<void>(carrier.get());
}

TEST_P(HelpersOfAProgram, are_collected_when_it_ends) { run(put_and_get); }

void put_what_nobody_gets() {
    const Queue<Queue<int>> carrier;
    carrier.put(Queue<int>());
}

TEST_P(HelpersOfAProgram, are_collected_though_no_process_received_an_item) {
    run(put_what_nobody_gets);
}

void start_by_forkserver() { Process(forkserver, do_nothing).join(); }

TEST_P(HelpersOfAProgram, are_collected_when_one_of_them_was_a_forkserver) {
    run(start_by_forkserver);
}

}  // namespace

}  // namespace procession::testing
