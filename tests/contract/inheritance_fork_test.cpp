// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "support/queue_helpers.h"

// After a fork: the same objects, fresh state (P9). And descendants that outlive their parents.

namespace procession::testing {
namespace {

/// The queues' memory files among this process's descriptors: number -> inode.
std::map<int, std::uint64_t> memory_files() {
    std::map<int, std::uint64_t> found;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(each.path(), gone);
        const int number = std::stoi(each.path().filename().string());
        struct stat status{};
        if (target.string().rfind("/memfd:procession", 0) != 0) continue;
        if (::fstat(number, &status) == 0) found[number] = status.st_ino;
    }
    return found;
}

/// Runs it in a child made by the program's own fork(). Returns what waitpid says.
template <class Act>
int in_own_fork(Act act) {
    const pid_t child = ::fork();
    if (child == 0) {
        int code = 0;
        try {
            act();
        } catch (const std::exception& thrown) {
            std::fprintf(stderr, "in the child: %s\n", thrown.what());
            code = 99;
        }
        ::_exit(code);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return status;
}

TEST(InheritanceByFork, inherited_descriptors_are_the_same_objects_under_the_same_numbers) {
    const JoinableQueue<int> one;
    const Queue<int> two;
    const auto before = memory_files();
    ASSERT_GE(before.size(), 2U);
    Process child(fork, [&] {
        std::size_t same = 0;
        for (const auto& [number, inode] : memory_files()) {
            must(before.contains(number) && before.at(number) == inode);
            ++same;
        }
        must(same >= 2);
        one.put(1);
        two.put(2);
    });
    EXPECT_TRUE(ends_well(child));
    EXPECT_EQ(take(one), 1);
    EXPECT_EQ(take(two), 2);
}

TEST(InheritanceByFork, the_child_is_a_new_participant_without_leases) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    auto lease = queue.get();
    Process child(fork, [&] {
        must(queue.stats().participants == 2);
        must(!message_of<ValueError>([&] { queue.task_done(); }).empty());
        auto own = queue.get();
        must(*own == 2 && own.deliveries() == 1);
        own.done();
    });
    EXPECT_TRUE(ends_well(child));
    EXPECT_EQ(queue.unfinished(), 1U);
    lease.done();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(InheritanceByFork, by_the_programs_own_fork_is_the_same) {
    const JoinableQueue<int> queue;
    queue.put_many(std::vector{1, 2});
    auto lease = queue.get();
    const int status = in_own_fork([&] {
        must(!message_of<ValueError>([&] { lease.done(); }).empty());
        must(take(queue) == 2);
        queue.put(3);
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(take(queue), 3);
    lease.done();
    EXPECT_TRUE(queue.join(0ms));
}

TEST(InheritanceByFork, a_child_that_destroys_its_copies_leaves_the_parents_queues_alone) {
    auto queue = std::make_unique<JoinableQueue<int>>();
    queue->put_many(std::vector{1, 2});
    auto lease = queue->get();
    const int status = in_own_fork([&] {
        queue->put(3);
        queue->close();
        queue.reset();
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(queue->qsize(), 2U);
    lease.done();
    EXPECT_EQ(take_all(*queue), (std::vector{2, 3}));
}

TEST(InheritanceByFork, a_close_in_the_child_does_not_close_the_parents) {
    const Queue<int> queue;
    EXPECT_EQ(in_own_fork([&] { queue.close(); }), 0);
    EXPECT_FALSE(queue.is_closed());
    queue.put(1);
    EXPECT_EQ(take(queue), 1);
}

TEST(InheritanceByFork, a_queue_closed_before_is_closed_in_the_child) {
    const Queue<int> queue;
    queue.close();
    EXPECT_EQ(in_own_fork([&] {
                  must(queue.is_closed());
                  must(!message_of<ClosedError>([&] { queue.put(1); }).empty());
              }),
              0);
}

TEST(InheritanceByFork, a_parent_that_dies_is_noticed_though_its_child_lives_on) {
    const JoinableQueue<int> jobs;
    const Queue<int> says;
    const Queue<int> told;
    jobs.put(1);
    Process parent(fork, [&] {
        (void)jobs.get().detach();
        if (::fork() == 0) {  // holds copies of all descriptors of its parent
            says.put(1);
            (void)told.get();
            says.put(2);
            ::_exit(0);
        }
        wait_to_be_killed();
    });
    (void)says.get();
    parent.kill();
    parent.join();
    auto again = jobs.get();
    EXPECT_EQ(again.deliveries(), 2U) << "its lease ended with it";
    again.done();
    told.put(0);
    EXPECT_EQ(says.get(), 2);
}

/// Threads that use the queues without a pause.
class Busy {
  public:
    Busy(const Queue<int>& plain, const JoinableQueue<std::string>& tasks) {
        for (int i = 0; i < 2; ++i) {
            threads_.emplace_back([&] {
                while (!over_.load()) {
                    plain.put(1);
                    (void)plain.get();
                }
            });
            threads_.emplace_back([&] {
                const std::string large(5000, 'x');
                while (!over_.load()) {
                    tasks.put(large);
                    tasks.get().done();
                }
            });
        }
    }
    ~Busy() { over_.store(true); }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

  private:
    std::atomic<bool> over_{false};
    std::vector<std::jthread> threads_;
};

TEST(InheritanceByFork, of_a_program_whose_threads_use_the_queues_all_the_time) {
    if (sanitized) GTEST_SKIP() << "a fork may find the sanitizer's allocator locked";
    const Queue<int> plain;
    const JoinableQueue<std::string> tasks;
    {
        const Busy busy(plain, tasks);
        for (int i = 0; i < 100; ++i) {
            Process child(fork, [&] {
                for (int round = 0; round < 5; ++round) {
                    plain.put(1);
                    must(take(plain) == 1);
                    tasks.put(std::string(4500 + static_cast<std::size_t>(round), 'y'));
                    tasks.get().done();
                }
            });
            ASSERT_TRUE(ends_well(child)) << "fork number " << i;
        }
    }
    EXPECT_TRUE(plain.empty());
    EXPECT_TRUE(tasks.join(0ms));
    EXPECT_EQ(plain.stats().put, plain.stats().taken);
}

TEST(InheritanceByFork, of_such_a_program_by_its_own_fork_too) {
    if (sanitized) GTEST_SKIP() << "a fork may find the sanitizer's allocator locked";
    const Queue<int> plain;
    const JoinableQueue<std::string> tasks;
    const Busy busy(plain, tasks);
    for (int i = 0; i < 30; ++i) {
        ASSERT_EQ(in_own_fork([&] {
                      plain.put(1);
                      must(take(plain) == 1);
                      const Queue<int> made_here;
                      made_here.put(2);
                      must(take(made_here) == 2);
                  }),
                  0);
    }
}

TEST(InheritanceByFork, spawn_from_such_a_program_works_too) {
    const Queue<int> plain;
    const JoinableQueue<std::string> tasks;
    const Busy busy(plain, tasks);
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(ends_well(Process(
            spawn,
            [](const Queue<int>& queue) {
                queue.put(1);
                must(take(queue) == 1);
            },
            plain)));
    }
}

class InheritanceOfOrphans : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, InheritanceOfOrphans, both_start_methods(),
                         start_method_name);

struct Family {
    JoinableQueue<int> jobs;
    Queue<int> results;
    Queue<int> up;
};

void serve(const Family& family) {
    family.up.put(0);
    for (auto task : family.jobs) {
        family.results.put(*task + 1);
        task.done();
    }
    family.up.put(1);
}

ProcessOptions that_outlives_its_parent() {
    ProcessOptions options;
    options.die_with_parent = false;
    return options;
}

void start_worker_and_die(StartMethod method, const Family& family) {
    const Process worker(method, that_outlives_its_parent(), serve, family);
    (void)family.up.get();
    ::kill(::getpid(), SIGKILL);
}
void start_worker_and_leave(StartMethod method, const Family& family) {
    const Process worker(method, that_outlives_its_parent(), serve, family);
    (void)family.up.get();
    std::fflush(nullptr);
    ::_exit(0);
}

TEST_P(InheritanceOfOrphans, go_on_using_the_queues_when_their_parent_was_killed) {
    const Family family;
    Process parent(method(), start_worker_and_die, method(), family);
    parent.join();
    EXPECT_EQ(parent.exit_code(), -SIGKILL);
    for (int i = 0; i < 10; ++i) family.jobs.put(i);
    EXPECT_TRUE(family.jobs.join());
    EXPECT_EQ(take_all(family.results).size(), 10U);
    family.jobs.shutdown();
    EXPECT_EQ(family.up.get(), 1);
}

TEST_P(InheritanceOfOrphans, go_on_using_the_queues_when_their_parent_has_left) {
    const Family family;
    EXPECT_TRUE(ends_well(Process(method(), start_worker_and_leave, method(), family)));
    family.jobs.put(1);
    EXPECT_EQ(family.results.get(), 2);
    family.jobs.shutdown();
    EXPECT_EQ(family.up.get(), 1);
}

class InheritanceOfACrowd : public ForStart {};
INSTANTIATE_TEST_SUITE_P(StartMethods, InheritanceOfACrowd, both_start_methods(),
                         start_method_name);

void put_and_get(const JoinableQueue<int>& queue, const Queue<long>& sums, int me) {
    long sum = 0;
    for (int i = 0; i < 100; ++i) {
        queue.put(me * 1000 + i);
        sum += take(queue);
    }
    sums.put(sum);
}

TEST_P(InheritanceOfACrowd, sixty_four_participants_on_one_queue_lose_nothing) {
    const JoinableQueue<int> queue;
    const Queue<long> sums;
    std::vector<Process> crowd;
    long expected = 0;
    for (int me = 0; me < 64; ++me) {
        crowd.emplace_back(method(), put_and_get, queue, sums, me);
        expected += me * 1000L * 100 + 99L * 100 / 2;
    }
    for (int i = 0; i < 64; ++i) expected -= sums.get();
    EXPECT_EQ(expected, 0);
    for (Process& each : crowd) EXPECT_TRUE(ends_well(each));
    EXPECT_TRUE(queue.join(0ms));
    EXPECT_EQ(queue.stats().put, 6400U);
    EXPECT_EQ(queue.stats().participants, 1U);
}

}  // namespace
}  // namespace procession::testing
