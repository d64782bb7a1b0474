// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>

#include <filesystem>
#include <fstream>

#include "contract/process_fixture.h"
#include "handoff/keeper_client.h"
#include "procession/pipe.h"
#include "support/queue_helpers.h"

namespace procession::testing {

/// The keeper that this process has started, as the system shows it; 0 when there is none.
inline int keeper_pid() {
    namespace fs = std::filesystem;
    for (const auto& task : fs::directory_iterator("/proc/self/task")) {
        std::ifstream children(task.path() / "children");
        for (int pid = 0; children >> pid;) {
            if (contains(file_text("/proc/" + std::to_string(pid) + "/cmdline"),
                         "--procession-keeper="))
                return pid;
        }
    }
    return 0;
}

inline std::size_t descriptors_of(int pid) {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Until the keeper has done everything that it was told before.
inline void let_keeper_settle() {
    AttachmentName nobodys;
    nobodys.keeper = handoff::keeper_of_family();
    EXPECT_THROW((void)handoff::fetch(nobodys), SharingError);
}

inline void kill_keeper() {
    const int pid = keeper_pid();
    ASSERT_NE(pid, 0);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0) {}
}

}  // namespace procession::testing
