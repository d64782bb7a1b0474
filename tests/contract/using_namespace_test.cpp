// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "procession/procession.h"

// What `using namespace procession` leaves to the program: the system's functions, and the nouns.

using namespace procession;

namespace {

const int queue = 1;
const int process = 2;
const int connection = 3;
const int codec = 4;

TEST(UsingNamespace, leaves_the_nouns_to_the_program) {
    EXPECT_EQ(queue + process + connection + codec, 10);
}

TEST(UsingNamespace, leaves_fork_to_the_system) {
    const pid_t child = fork();
    if (child == 0) _exit(3);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST(UsingNamespace, starts_processes_by_fork_all_the_same) {
    const int number = 4;
    Process child(fork, [&] { throw SystemExit{number}; });
    child.join();
    EXPECT_EQ(child.exit_code(), 4);
    std::vector<Process> children;
    children.emplace_back(procession::fork, ProcessOptions{.name = "w"}, [] {});
    EXPECT_EQ(children[0].name(), "w");
}

}  // namespace
