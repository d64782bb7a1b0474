// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <sys/wait.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "contract/process_fixture.h"
#include "process/child_table.h"

// What a host program may expect of a good guest (P15, P12).

namespace procession::testing {
namespace {

class ProcessGuest : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(StartMethods, ProcessGuest, all_start_methods(), show_start_method);

/// The open descriptors of this process; without those that would not survive an exec if
/// `crossing_exec`.
int count_descriptors(bool crossing_exec) {
    int count = 0;
    DIR* folder = ::opendir("/proc/self/fd");
    while (const dirent* entry = ::readdir(folder)) {
        const int number = std::atoi(entry->d_name);
        if (entry->d_name[0] == '.' || number == ::dirfd(folder)) continue;
        const bool crosses = (::fcntl(number, F_GETFD) & FD_CLOEXEC) == 0;
        count += !crossing_exec || crosses ? 1 : 0;
    }
    ::closedir(folder);
    return count;
}

TEST_P(ProcessGuest, children_leave_no_descriptors_in_their_parent) {
    const int before = count_descriptors(false);
    for (int i = 0; i < 20; ++i) {
        Process child(method(), {.die_with_parent = i % 2 == 0}, exit_with, i);
        child.join();
    }
    EXPECT_EQ(count_descriptors(false), before);
}

void count_my_descriptors() { throw SystemExit{count_descriptors(false)}; }
void count_my_descriptors_crossing_exec() { throw SystemExit{count_descriptors(true)}; }

TEST(ProcessGuestUnderSpawn, a_child_gets_no_descriptor_that_it_does_not_need) {
    const os::Handle private_to_us = open_end("/dev/null", O_RDONLY);
    const int inherited = count_descriptors(true);
    Process child(spawn, count_my_descriptors);
    child.join();
    EXPECT_EQ(child.exit_code(), inherited + 1) << "one more, for its reports";
    Process tied(spawn, {.die_with_parent = true}, count_my_descriptors);
    tied.join();
    EXPECT_EQ(tied.exit_code(), inherited + 2) << "and the lifeline";
    Process strict(spawn, {.die_with_parent = true}, count_my_descriptors_crossing_exec);
    strict.join();
    EXPECT_EQ(strict.exit_code(), inherited) << "and it passes none of ours on";
}

/// Threads that keep the allocator, our locks and the dynamic loader busy while others fork.
class Noise {
  public:
    Noise() {
        threads_.emplace_back([this] { allocate(); });
        threads_.emplace_back([this] { allocate(); });
        threads_.emplace_back([this] { ask(); });
        threads_.emplace_back([this] { listen(); });
        threads_.emplace_back([this] { throw_and_catch(); });
    }
    ~Noise() {
        stop_ = true;
        for (auto& each : threads_) each.join();
    }

  private:
    void allocate() {
        while (!stop_) {
            std::vector<std::unique_ptr<std::string>> held;
            for (std::size_t i = 1; i < 100; ++i)
                held.push_back(std::make_unique<std::string>(i * 37, 'x'));
        }
    }
    void ask() {
        while (!stop_) (void)active_children();
    }
    void listen() {
        while (!stop_) {
            process::ChildRecord comes_and_goes("noise", StartMethod::fork, {});
            (void)comes_and_goes.make_lifeline();
        }
    }
    void throw_and_catch() {
        while (!stop_) {
            try {
                (void)start_method_from_name("none");
            } catch (const std::exception&) {}
        }
    }

    std::atomic<bool> stop_{false};
    std::vector<std::thread> threads_;
};

void use_everything() {
    std::vector<std::string> texts(100, std::string(100, 'y'));
    if (!active_children().empty()) throw SystemExit{99};
    try {
        (void)start_method_from_name("none");
    } catch (const std::exception&) {}
    Process grandchild(fork, do_nothing);
    grandchild.join();
    throw SystemExit{grandchild.exit_code() == 0 ? 5 : 98};
}

TEST(ProcessGuestUnderFork, a_program_with_busy_threads_forks_200_children_and_none_hangs) {
    const Noise noise;
    for (int i = 0; i < 200; ++i) {
        Process child(fork, {.die_with_parent = i % 2 == 0}, use_everything);
        child.join();
        ASSERT_EQ(child.exit_code(), 5) << "child " << i;
    }
}

TEST(ProcessGuestUnderFork, the_programs_own_fork_is_safe_too) {
    const Noise noise;
    for (int i = 0; i < 50; ++i) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            const bool fresh = active_children().empty() && !current_process().is_child;
            ::_exit(fresh ? 0 : 1);
        }
        siginfo_t ended{};
        ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED), 0);
        ASSERT_EQ(ended.si_status, 0);
    }
}

TEST_P(ProcessGuest, several_threads_may_start_children_at_once) {
    std::vector<std::thread> threads;
    std::atomic<int> right{0};
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 10; ++i) {
                Process child(method(), {.die_with_parent = i % 2 == 0}, exit_with, 10 * t + i);
                child.join();
                right += child.exit_code() == 10 * t + i;
            }
        });
    }
    for (auto& each : threads) each.join();
    EXPECT_EQ(right, 40);
}

}  // namespace
}  // namespace procession::testing
