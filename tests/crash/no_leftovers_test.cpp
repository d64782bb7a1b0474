// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// When all processes are killed at once, the creator included, nothing remains: no process, no
// memory, no file. No process is left to clean up, so there must be nothing that needs cleaning.

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "procession/procession.h"
#include "queue/shared_queue.h"
#include "support/gate.h"
#include "support/queue_helpers.h"
#include "support/shared_notes.h"

namespace procession {

using namespace detail;
namespace {

namespace fs = std::filesystem;
using testing::Gate;
using testing::SharedNotes;

// The memory files that a family has made.
struct Made {
    std::atomic<std::uint64_t> inodes[2];
};

struct Work {
    JoinableQueue<std::string> jobs{64};
    Queue<std::string> results{64};
    Queue<int> started;
    int depth = 0;

    // Works for ever; the elder have children of their own.
    void operator()() const {
        started.put(::getpid());
        std::vector<Process> children;
        if (depth > 0) {
            Work younger = *this;
            younger.depth = depth - 1;
            children.emplace_back(fork, younger);
            children.emplace_back(spawn, ProcessOptions{.die_with_parent = true}, younger);
        }
        for (auto job : jobs) {
            if (results.full()) (void)results.try_get();
            (void)results.try_put(*job);
            job.done();
        }
    }
};

// The creator of a family of two children and four grandchildren; tells for each that it is there.
[[noreturn]] void found_a_family(Made& made, int reports) {
    ::setpgid(0, 0);
    Work work;
    work.depth = 1;
    const auto all = shm::SharedObject::all();
    made.inodes[0] = all[0]->segment().identity().inode;
    made.inodes[1] = all[1]->segment().identity().inode;
    std::vector<Process> children;
    children.emplace_back(fork, work);
    children.emplace_back(spawn, work);
    for (int i = 0;; ++i) {
        work.jobs.put(std::string(i % 7 == 0 ? 300'000 : 100, 'j'));
        while (auto pid = work.started.try_get()) {
            const char byte = 0;
            static_cast<void>(::write(reports, &byte, 1));
        }
    }
}

// What is in a folder of /proc, whose process may end meanwhile.
std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code gone;
    for (fs::directory_iterator each(folder, gone); !gone && each != fs::directory_iterator();
         each.increment(gone)) {
        found.push_back(each->path());
    }
    return found;
}

// The processes that have one of these files open, or mapped.
std::vector<std::string> holders_of(const std::set<std::uint64_t>& inodes) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const fs::path& process : entries_of("/proc")) {
        const std::string pid = process.filename().string();
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        std::ifstream maps(process / "maps");
        for (std::string line; std::getline(maps, line);) {
            if (line.find("memfd:procession") == std::string::npos) continue;
            for (const std::uint64_t inode : inodes) {
                if (line.find(" " + std::to_string(inode) + " ") != std::string::npos) {
                    found.push_back(pid + " maps " + line);
                }
            }
        }
        for (const fs::path& fd : entries_of(process / "fd")) {
            struct stat status{};
            if (::stat(fd.c_str(), &status) == 0 && inodes.contains(status.st_ino) &&
                fs::read_symlink(fd, ignored).string().find("procession") != std::string::npos) {
                found.push_back(pid + " has open " + fd.string());
            }
        }
    }
    return found;
}

std::set<std::string> files_in_dev_shm() {
    std::set<std::string> files;
    for (const fs::path& each : entries_of("/dev/shm")) {
        if (each.filename().string().find("procession") != std::string::npos) {
            files.insert(each.string());
        }
    }
    return files;
}

// Collects all children, also those that were others' children: until there is none.
int collect_everybody() {
    int collected = 0;
    for (;;) {
        const int pid = ::waitpid(-1, nullptr, 0);
        if (pid > 0) ++collected;
        if (pid < 0 && errno == ECHILD) return collected;
    }
}

class NoLeftovers : public ::testing::TestWithParam<int> {
  protected:
    // Orphans become this process's children: it waits for the end of them all.
    void SetUp() override { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }
    void TearDown() override { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
};

// How many of the family's six members are there when the blow comes.
INSTANTIATE_TEST_SUITE_P(WhenThereAre, NoLeftovers, ::testing::Values(0, 1, 3, 6));

TEST_P(NoLeftovers, of_a_family_that_is_killed_at_once) {
    const auto files_before = files_in_dev_shm();
    for (int round = 0; round < 2; ++round) {
        const SharedNotes<Made> made;
        Gate reports;
        const int creator = ::fork();
        if (creator == 0) found_a_family(*made, reports.writer());
        ::setpgid(creator, creator);
        reports.open();  // this process's end
        for (int i = 0; i < GetParam(); ++i) {
            char byte = 0;
            ASSERT_EQ(::read(reports.reader(), &byte, 1), 1);
        }
        std::set<std::uint64_t> inodes{made->inodes[0], made->inodes[1]};
        if (GetParam() == 0) inodes.clear();  // the creator may be anywhere
        EXPECT_EQ(holders_of(inodes).empty(), GetParam() == 0) << "nothing is looked at";
        EXPECT_EQ(::kill(-creator, SIGKILL), 0);
        EXPECT_GE(collect_everybody(), 1 + GetParam());
        inodes = {made->inodes[0], made->inodes[1]};
        EXPECT_EQ(holders_of(inodes), std::vector<std::string>{});
    }
    EXPECT_EQ(files_in_dev_shm(), files_before);
}

}  // namespace
}  // namespace procession
