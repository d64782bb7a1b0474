// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "contract/process_fixture.h"
#include "process/child_table.h"
#include "procession/error.h"
#include "procession/log.h"

// What a host program may expect of a good guest (P15, P12).

namespace procession::testing {

using namespace detail;
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
    Process(method(), do_nothing).join();  // a forkserver takes two, for all children
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
    Process untied(spawn, {.die_with_parent = false}, count_my_descriptors);
    untied.join();
    EXPECT_EQ(untied.exit_code(), inherited + 1) << "one more, for its reports";
    Process tied(spawn, count_my_descriptors);
    tied.join();
    EXPECT_EQ(tied.exit_code(), inherited + 2) << "and the lifeline";
    Process strict(spawn, count_my_descriptors_crossing_exec);
    strict.join();
    EXPECT_EQ(strict.exit_code(), inherited) << "and it passes none of ours on";
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
// GCC 12's sanitizers may hold a lock of their own allocators across fork (DenseSlabAlloc).
constexpr bool fork_from_threads_works = false;
#else
constexpr bool fork_from_threads_works = true;
#endif

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
    if (!fork_from_threads_works) GTEST_SKIP() << "the sanitizer would hang in the child";
    const Noise noise;
    for (int i = 0; i < 200; ++i) {
        Process child(fork, {.die_with_parent = i % 2 == 0}, use_everything);
        child.join();
        ASSERT_EQ(child.exit_code(), 5) << "child " << i;
    }
}

TEST(ProcessGuestUnderFork, the_programs_own_fork_is_safe_too) {
    if (!fork_from_threads_works) GTEST_SKIP() << "the sanitizer would hang in the child";
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

void start_with_few_descriptors(StartMethod method) {
    Process(method, do_nothing).join();  // a forkserver takes two, for all children
    const auto open_now = static_cast<rlim_t>(count_descriptors(false));
    int refused = 0;
    int started = 0;
    for (rlim_t more = 0; more < 12; ++more) {
        const rlimit limit{open_now + more, open_now + 12};
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throw SystemExit{97};
        try {
            Process child(method, {.die_with_parent = true}, exit_with, 3);
            child.join();
            started += child.exit_code() == 3 ? 1 : 0;
        } catch (const Error&) {
            ++refused;
        }
        const rlimit enough{open_now + 12, open_now + 12};
        ::setrlimit(RLIMIT_NOFILE, &enough);
        if (count_descriptors(false) != static_cast<int>(open_now)) throw SystemExit{98};
        if (!active_children().empty()) throw SystemExit{99};
    }
    throw SystemExit{refused >= 3 && started >= 1 ? 0 : 96};
}

TEST_P(ProcessGuest, with_too_few_descriptors_it_is_refused_and_leaves_nothing) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "UBSan needs descriptors to look at memory";
#endif
    const StderrTo nowhere("/dev/null");  // a spawned child may lack some, too
    Process child(fork, start_with_few_descriptors, method());
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

std::vector<std::string> logged;  // by this thread only

TEST_P(ProcessGuest, the_debug_log_shows_the_life_of_a_child) {
    logged.clear();
    const LogLevel before = log_level();
    set_log_sink([](LogLevel, std::string_view line) { logged.emplace_back(line); });
    set_log_level(LogLevel::debug);
    const StderrTo nowhere("/dev/null");  // where the child logs
    Process child(method(), {.name = "worker-3"}, do_nothing);
    child.join();
    set_log_level(before);
    set_log_sink(nullptr);
    const auto is_logged = [](const std::string& words) {
        return std::any_of(logged.begin(), logged.end(),
                           [&](const std::string& line) { return line.find(words) != line.npos; });
    };
    const std::string pid = std::to_string(child.pid());
    EXPECT_TRUE(
        is_logged("started worker-3 (pid " + pid + ") by " + std::string(name_of(method()))));
    EXPECT_TRUE(is_logged("worker-3 (pid " + pid + ") ended with exit code 0"));
    EXPECT_EQ(is_logged("duplicated for the receiver as index 0"), method() != StartMethod::fork);
}

TEST_P(ProcessGuest, several_threads_may_start_children_at_once) {
    if (!fork_from_threads_works && method() == StartMethod::fork)
        GTEST_SKIP() << "the sanitizer would hang in the child";
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
